import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { interopDirectory } from './clients.ts';

/** What came of one call: who answered, or why it failed. */
export type Outcome = { from: string } | { error: string };

/** A run of a minute or two makes 50,000 calls. */
const maxOutcomes = 1_000_000;
const maxErrorLines = 40;

/**
 * One of the client programs: makes each of the given calls over and over, and says of every one what came of it.
 * The program ends when its stdin does, so it never outlives this process.
 */
export class CallingClient {
  readonly #child: ChildProcess;
  readonly #outcomes = new Map<string, Outcome[]>();
  readonly #errorLines: string[] = [];
  readonly #updates = new EventEmitter();
  #count = 0;
  #end: string | undefined;

  /** @param calls such as `xds:///be1-srv#x-canary=always`, see README.md */
  constructor(
    command: readonly string[],
    calls: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    const [file = '', ...args] = command;
    for (const call of calls) this.#outcomes.set(call, []);
    this.#child = spawn(file, [...args, ...calls], {
      cwd: interopDirectory,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    createInterface(this.#child.stdout!).on('line', (line) => this.#onLine(line));
    createInterface(this.#child.stderr!).on('line', (line) => this.#onErrorLine(line));
    this.#child.on('error', ({ message }) => this.#onEnd(message));
    this.#child.on('exit', (code, signal) => this.#onEnd(`it ended with ${signal ?? `exit code ${code}`}`));
  }

  get calls(): string[] {
    return [...this.#outcomes.keys()];
  }

  /** All outcomes of a call so far, in order. */
  outcomes(call: string): readonly Outcome[] {
    return this.#outcomes.get(call)!;
  }

  /** Why calls failed, all of them so far. */
  failures(call: string): string[] {
    return this.outcomes(call).flatMap((outcome) => ('error' in outcome ? outcome.error : []));
  }

  /**
   * Waits until each of these calls was made so many times more.
   * @returns by call, all outcomes since now
   * @throws when the program ends before
   */
  async sample(calls: readonly string[], count: number): Promise<ReadonlyMap<string, readonly Outcome[]>> {
    const begin = new Map(calls.map((call) => [call, this.outcomes(call).length]));
    const isMissing = () => calls.some((call) => this.outcomes(call).length < begin.get(call)! + count);
    while (isMissing()) {
      if (this.#end !== undefined) throw new Error(`${this.#end}; it said:\n${this.#errorLines.join('\n')}`);
      await once(this.#updates, 'update');
    }
    return new Map(calls.map((call) => [call, this.outcomes(call).slice(begin.get(call))]));
  }

  /** Resolves when the program has ended. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    while (this.#end === undefined) await once(this.#updates, 'update');
  }

  #onLine(line: string): void {
    const { call, ...outcome } = JSON.parse(line) as { call: string } & Outcome;
    if (++this.#count > maxOutcomes) throw new Error(`more than ${maxOutcomes} calls`);
    this.#outcomes.get(call)!.push(outcome);
    this.#updates.emit('update');
  }

  #onErrorLine(line: string): void {
    this.#errorLines.push(line.slice(0, 1000));
    if (this.#errorLines.length > maxErrorLines) this.#errorLines.shift();
  }

  #onEnd(reason: string): void {
    this.#end ??= reason;
    this.#updates.emit('update');
  }
}
