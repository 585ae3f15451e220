import { status } from '@grpc/grpc-js';
import { createLogUpdate } from 'log-update';
import type { CallResult } from '../caller.ts';
import { printable } from '../pod-names.ts';
import type { Tally } from '../tally.ts';
import type { Output, Sink } from './output.ts';
import { tallyFacts, tallyTable } from './table.ts';

/** Lines around the rows of pods: title, heads, the row of all, facts, the last error, blank ones. */
const otherLines = 11;
/** When the terminal does not say how high it is. */
const usualRows = 24;

/** A table in the terminal that is kept up to date. */
export class LiveOutput implements Output {
  readonly isLive = true;
  readonly #all: Tally;
  readonly #sink: Sink;
  readonly #title: string;
  readonly #draw: ReturnType<typeof createLogUpdate>;
  readonly #timer: NodeJS.Timeout;
  #lastError: string | undefined;

  constructor(sink: Sink, all: Tally, target: string, everyMs: number) {
    this.#all = all;
    this.#sink = sink;
    this.#title = `calls to ${target}; Ctrl-C ends`;
    this.#draw = createLogUpdate(sink as NodeJS.WriteStream);
    this.#timer = setInterval(() => this.#draw(this.#text()), everyMs);
    this.#draw(this.#text());
  }

  call({ code, message }: CallResult): void {
    if (code !== status.OK) this.#lastError = `${status[code]}: ${printable(message).slice(0, 200)}`;
  }

  skip(): void {
    // The tally has counted it, and the table shows it.
  }

  summary(all: Tally, seconds: number): void {
    clearInterval(this.#timer);
    this.#draw(`${tallyTable(all, this.#maxPods)}\n\n${tallyFacts(all, seconds)}`);
    this.#draw.done();
  }

  get #maxPods(): number {
    return Math.max((this.#sink.rows ?? usualRows) - otherLines, 3);
  }

  #text(): string {
    const error = this.#lastError === undefined ? '' : `\n\nlast error: ${this.#lastError}`;
    return `${this.#title}\n\n${tallyTable(this.#all, this.#maxPods)}\n\n${tallyFacts(this.#all)}${error}\n`;
  }
}
