import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What the backends have been asked to do, by the ids of calls. In files that each backend writes before it begins a call:
 * what was written stays when it is killed, and nobody needs to read along.
 */
export class Ledger implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Ledger> {
    return new Ledger(await mkdtemp(join(tmpdir(), 'ledger-')));
  }

  /** The ids of calls that began, as often as they did. */
  async runs(): Promise<Map<string, number>> {
    const runs = new Map<string, number>();
    for (const file of await readdir(this.directory)) {
      const text = await readFile(join(this.directory, file), 'utf8');
      for (const id of text.split('\n').slice(0, -1)) runs.set(id, (runs.get(id) ?? 0) + 1);
    }
    return runs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true });
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
    const args = [script, host, port, join(this.#ledger.directory, this.address)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the backend ended with ${code}`)));
      child.stdout.once('data', () => resolve()); // it says that it listens, and nothing else
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
