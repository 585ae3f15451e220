import type { Logger } from 'pino';
import type { OptionSpec } from './options.ts';
import type { Gate, Readiness } from './readiness.ts';
import * as values from './values.ts';

/** How often gates that still wait are looked at, once there was enough patience. */
const checkMs = 1000;
/** Gates that a line of the log names. */
const maxNamed = 20;

export interface PatienceOptions {
  readiness: Pick<Readiness, 'gate'>;
  /** How long all of the gates are waited for. */
  patienceMs: number;
  /** After that: whether the program is of use without those that still wait. */
  mayDoWithout: (waiting: readonly string[], all: number) => boolean;
  log: Pick<Logger, 'warn'>;
}

/** The option for `patienceMs`. @param what may be missing then */
export const readyAfter = (what: string) =>
  ({
    describe: `how long all are waited for before the program says that it is ready without ${what}`,
    schema: values.duration(0, 7 * 24 * 3_600_000),
    default: '1m',
  }) as const satisfies OptionSpec;

/**
 * Gates of one kind, which are waited for together: all of them, for a while. One of them that can never be passed must not
 * keep a program unready for ever, which in time would be all of its pods.
 */
export class PatientGates {
  readonly #options: PatienceOptions;
  readonly #waiting = new Map<string, { gate: Gate; why: () => string }>();
  #all = 0;
  #checking: NodeJS.Timeout | undefined;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** @param name unique among these gates; `kind` before it makes the gate's name */
  add(kind: string, name: string, why: () => string): void {
    this.#all++;
    this.#waiting.set(name, { gate: this.#options.readiness.gate(`${kind} ${name}`, why), why });
    this.#checking ??= setTimeout(() => {
      this.#checking = setInterval(() => this.#check(), checkMs).unref();
      this.#check();
    }, this.#options.patienceMs).unref();
  }

  get waiting(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** Has been there once, or is not wanted any more. */
  pass(name: string): void {
    const one = this.#waiting.get(name);
    if (one === undefined) return;
    this.#waiting.delete(name);
    if (this.#waiting.size === 0) this.stop();
    one.gate.pass();
  }

  stop(): void {
    clearInterval(this.#checking);
    this.#checking = undefined;
  }

  #check(): void {
    const { mayDoWithout, log } = this.#options;
    if (!mayDoWithout(this.waiting, this.#all)) return;
    const gates = [...this.#waiting].map(([name, { why }]) => ({ name, reason: why() }));
    log.warn({ gates: gates.slice(0, maxNamed), count: gates.length }, 'ready without some');
    for (const name of this.waiting) this.pass(name);
  }
}
