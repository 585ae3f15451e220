import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { LocalClusterError } from './errors.ts';
import { LogTail, lineSplitter } from './log-tail.ts';

export interface ProcessSpec {
  /** For messages. */
  name: string;
  /** The program and its arguments; no shell is involved. */
  command: readonly string[];
  /** The whole environment of the program. Without it, that of this process. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** Sees each line of standard output first. True = it was data, and does not go to the log. */
  onLine?: (line: string) => boolean;
}

/** Where a program said that it listens. */
export interface ListenAddress {
  address: string;
  port: number;
}

/** How a process ended: a code, a signal, or `error` when it could not even be run. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  error?: Error;
}

/** How long output may still come after the process itself has ended. */
const outputGraceMs = 500;

/**
 * A child process that tells in JSON lines on stdout where it listens
 * (`{"event":"listening","what":"grpc","address":"127.0.0.1","port":41234}`).
 *
 * It gets its own process group, so a terminal's Ctrl-C reaches only this process and the child is stopped in order;
 * and a pipe as stdin, which closes when this process dies in any way, SIGKILL included. A child that watches stdin
 * (`--exit-with-parent` in all our programs) is thus never left behind.
 */
export class ManagedProcess {
  readonly name: string;
  /** Absent when the program could not be run. */
  readonly pid: number | undefined;
  readonly log = new LogTail();
  /** Resolves (never rejects) when the process has ended and its output is read. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #addresses = new Map<string, ListenAddress>();
  readonly #events = new EventEmitter();
  #exit: Exit | undefined;

  constructor(spec: ProcessSpec) {
    this.name = spec.name;
    const [file = '', ...args] = spec.command;
    this.#child = spawn(file, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(spec.cwd !== undefined && { cwd: spec.cwd }),
      ...(spec.env !== undefined && { env: spec.env }),
    });
    this.pid = this.#child.pid;
    this.#child.stdout?.setEncoding('utf8').on(
      'data',
      lineSplitter((line) => {
        if (!spec.onLine?.(line)) this.#onLine(line);
      }),
    );
    // A program whose standard output is for data has its log here, with what it listens on.
    this.#child.stderr?.setEncoding('utf8').on(
      'data',
      lineSplitter((line) => this.#onLine(line)),
    );
    this.exited = new Promise((resolve) => this.#watchExit(resolve));
  }

  /** How it ended; undefined while it lives. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** What it has said so far: from `grpc`, `http`, `admin`, … to the address. */
  get addresses(): ReadonlyMap<string, ListenAddress> {
    return this.#addresses;
  }

  /**
   * Waits until the program has said where all of `whats` listen.
   * @throws LocalClusterError START_FAILED when it ends first or takes longer; it is not stopped then
   */
  listening(whats: readonly string[], timeoutMs: number): Promise<void> {
    const missing = () => whats.filter((what) => !this.#addresses.has(what));
    return new Promise((resolve, reject) => {
      const done = (problem?: string) => {
        clearTimeout(timer);
        this.#events.off('listening', check).off('exit', check);
        if (problem === undefined) return resolve();
        reject(
          new LocalClusterError('START_FAILED', `${this.name} ${problem}; its last lines:\n${this.log.text}`),
        );
      };
      const check = () => {
        if (missing().length === 0) done();
        else if (this.#exit) done(`did not start: ${describeExit(this.#exit)}`);
      };
      const timer = setTimeout(
        () => done(`did not listen (${missing().join(', ')}) within ${timeoutMs / 1000} s`),
        timeoutMs,
      );
      this.#events.on('listening', check).on('exit', check);
      check();
    });
  }

  /** SIGTERM, and SIGKILL when it has not ended after `graceMs`. May be called again, with a shorter grace. */
  async stop(graceMs: number): Promise<Exit> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** SIGKILL: no drain, no goodbye. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #onLine(line: string): void {
    this.log.add(line);
    const said = readListening(line);
    if (!said) return;
    this.#addresses.set(said.what, { address: said.address, port: said.port });
    this.#events.emit('listening');
  }

  #watchExit(resolve: (exit: Exit) => void): void {
    const finish = (exit: Exit) => {
      if (this.#exit) return;
      this.#exit = exit;
      this.#events.emit('exit');
      resolve(exit);
    };
    this.#child.once('error', (error) => {
      // Also emitted when a signal cannot be sent; only a process that never ran has no pid.
      if (this.pid === undefined) finish({ code: null, signal: null, error });
    });
    this.#child.once('close', (code, signal) => finish({ code, signal }));
    // A grandchild may hold the pipes open for ever: the process' own end counts.
    this.#child.once('exit', (code, signal) => {
      setTimeout(() => finish({ code, signal }), outputGraceMs).unref();
    });
  }
}

/** "exit code 1", "killed by SIGKILL", "spawn … ENOENT". */
export function describeExit({ code, signal, error }: Exit): string {
  if (error) return error.message;
  return signal ? `killed by ${signal}` : `exit code ${code ?? 'unknown'}`;
}

function readListening(line: string): ({ what: string } & ListenAddress) | undefined {
  if (!line.includes('"listening"')) return undefined;
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return undefined; // not one of our log lines
  }
  const { event, what, address, port } = said as Record<string, unknown>;
  if (event !== 'listening' || typeof what !== 'string') return undefined;
  if (typeof address !== 'string' || typeof port !== 'number') return undefined;
  return { what, address, port };
}
