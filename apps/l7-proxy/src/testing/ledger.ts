import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** What the backends have been asked to do, by the ids of calls. */
export class Ledger {
  readonly runs = new Map<string, number>();

  add(id: string): void {
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
  }

  get ranTwice(): string[] {
    return [...this.runs].filter(([, times]) => times > 1).map(([id]) => id);
  }
}

const maxAttempts = 100;

/** A backend process that can be restarted on its address. */
export class LedgerBackend {
  readonly address: string;
  readonly #ledger: Ledger;
  #child: ChildProcess | undefined;

  constructor(address: string, ledger: Ledger) {
    this.address = address;
    this.#ledger = ledger;
  }

  /**
   * Resolves when it listens. While it was away, an outgoing connection of any process may have been given its port:
   * then it is tried again until the port is free.
   */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#spawn();
      } catch (error) {
        if (attempt === maxAttempts) throw error;
      }
    }
  }

  async #spawn(): Promise<void> {
    const [host = '', port = ''] = this.address.split(':');
    const script = new URL('ledger-backend.mjs', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, host, port], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the backend ended with ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [what, id] = line.split(' ');
        if (what === 'listening') resolve();
        else this.#ledger.add(id!);
      });
    });
  }

  /** `SIGTERM` lets calls in flight finish, `SIGKILL` does not. */
  async restart(signal: 'SIGTERM' | 'SIGKILL', downMs = 300): Promise<void> {
    await this.stop(signal);
    await delay(downMs); // part of the scenario: how long a pod is away
    await this.start();
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const child = this.#child!;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}
