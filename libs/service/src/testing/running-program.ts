import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface LogLine {
  event?: string;
  what?: string;
  port?: number;
  msg?: string;
}

/** An app's built program as a real process, for tests. */
export class RunningProgram {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #lines: LogLine[] = [];
  readonly #exit: Promise<number | null>;
  readonly #onLine = new Set<() => void>();

  /** @param main its `dist/main.js` */
  constructor(main: URL, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [fileURLToPath(main), ...args], { env: { ...process.env, ...env } });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    // The log is on either, see `Program.output`; other lines may stand between.
    for (const input of [this.child.stdout!, this.child.stderr!]) {
      createInterface({ input }).on('line', (line) => {
        if (line.startsWith('{')) this.#lines.push(JSON.parse(line) as LogLine);
        for (const wake of this.#onLine) wake();
      });
    }
    this.#exit = once(this.child, 'close').then(([code]) => {
      for (const wake of this.#onLine) wake();
      return code as number | null;
    });
  }

  /** Resolves with the first log line that fits; rejects when the program ends without one. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.#lines.find(fits);
        if (!found && this.child.exitCode === null && this.child.signalCode === null) return;
        this.#onLine.delete(look);
        if (found) resolve(found);
        else reject(new Error(`ended with ${this.child.exitCode} before the line came: ${this.stderr}`));
      };
      this.#onLine.add(look);
      look();
    });
  }

  /** The port of "grpc", "admin" or "http", once it listens. */
  async port(what: string): Promise<number> {
    return (await this.line((line) => line.event === 'listening' && line.what === what)).port!;
  }

  /** Resolves with the exit code, null when a signal ended it. */
  exitCode(): Promise<number | null> {
    return this.#exit;
  }
}
