import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { interopDirectory } from '../testing/clients.ts';
import type { Call } from './routing.ts';

/** What came of a call: who answered, or how it ended. */
export type Outcome = { from: string } | { code: string; details: string };

const callTimeoutMs = 20_000;

/** What a call may have beside what every one has. */
export interface More {
  /** The caller's own deadline. */
  timeoutMs?: number;
  /** Of the channel; grpc-js only. */
  serviceConfig?: object;
  /** The caller cancels the call when it is aborted. */
  signal?: AbortSignal;
}

const maxErrorLines = 40;

/** A client program that makes the calls that it is asked for, and lives as long as this process wants it. */
export class AskedClient implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve: (outcome: Outcome) => void; reject: (error: Error) => void }
  >();
  readonly #errorLines: string[] = [];
  #last = 0;

  constructor(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [file = '', ...args] = command;
    this.#child = spawn(file, args, { cwd: interopDirectory, env: { ...process.env, ...env } });
    createInterface(this.#child.stdout!).on('line', (line) => this.#onLine(line));
    createInterface(this.#child.stderr!).on('line', (line) => {
      this.#errorLines.push(line.slice(0, 1000));
      if (this.#errorLines.length > maxErrorLines) this.#errorLines.shift();
    });
    this.#child.on('error', ({ message }) => this.#onEnd(message));
    this.#child.on('exit', (code, signal) => this.#onEnd(`it ended with ${signal ?? `exit code ${code}`}`));
  }

  /** @param target such as `xds:///shop`, or an address */
  call(
    target: string,
    authority: string | undefined,
    { path, headers }: Pick<Call, 'path' | 'headers'>,
    { signal, ...more }: More = {},
  ): Promise<Outcome> {
    const id = ++this.#last;
    const line = { id, target, authority, path, headers, timeoutMs: callTimeoutMs, ...more };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#say(line);
      signal?.addEventListener('abort', () => this.#say({ cancel: id }), { once: true });
    });
  }

  #say(line: object): void {
    this.#child.stdin!.write(`${JSON.stringify(line)}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  #onLine(line: string): void {
    const { id, ...outcome } = JSON.parse(line) as { id: number } & Outcome;
    this.#waiting.get(id)!.resolve(outcome);
    this.#waiting.delete(id);
  }

  #onEnd(reason: string): void {
    const error = new Error(`${reason}; it said:\n${this.#errorLines.join('\n')}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
