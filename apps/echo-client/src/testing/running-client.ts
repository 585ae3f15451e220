import { RunningProgram } from '@evenly/service/testing';

const main = new URL('../../dist/main.js', import.meta.url);

/** A line of `--json`. */
export interface Line {
  event: 'call' | 'tally' | 'summary';
  code?: string;
  pod?: string;
  message?: string;
  calls: number;
  errors: number;
  skipped: number;
  jain: number | null;
  errorCodes: Record<string, number>;
  pods: { pod: string; calls: number; errors: number }[];
}

/** The built client as a process. */
export class RunningClient extends RunningProgram {
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const common = ['--host', '127.0.0.1', '--port', '0', '--exit-with-parent'];
    super(main, [...common, ...args], env);
  }

  /** What it has written so far with `--json`, line by line. */
  get output(): Line[] {
    const lines = this.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Line);
  }

  /** What it says at its end. */
  async summary(): Promise<Line> {
    await this.exitCode();
    return this.output.find(({ event }) => event === 'summary')!;
  }

  /** Calls of a pod that have ended, with `--output calls`. */
  callsOf(pod: string, code = 'OK'): number {
    return this.output.filter((line) => line.event === 'call' && line.pod === pod && line.code === code)
      .length;
  }

  async ask(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${await this.port('http')}${path}`);
    return { status: response.status, text: await response.text() };
  }
}

const clients: RunningClient[] = [];

/** Ended by `endClients`, if it has not ended by itself. */
export function run(args: readonly string[], env?: Readonly<Record<string, string>>): RunningClient {
  const client = new RunningClient(args, env);
  clients.push(client);
  return client;
}

export async function endClients(): Promise<void> {
  for (const client of clients.splice(0)) {
    client.child.kill('SIGKILL');
    await client.exitCode();
  }
}
