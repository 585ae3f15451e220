import { status } from '@grpc/grpc-js';
import type { CallResult } from '../caller.ts';
import { printable } from '../pod-names.ts';
import { Tally } from '../tally.ts';
import { formatMs } from './format.ts';
import type { Output, Sink } from './output.ts';
import { tallyFacts, tallyTable } from './table.ts';

/** Text, a line for each call or for each interval. */
export class LinesOutput implements Output {
  readonly isLive = false;
  readonly #sink: Sink;
  readonly #timer: NodeJS.Timeout | undefined;
  #interval = new Tally();
  #firstError: string | undefined;

  /** @param each call, or every so many milliseconds */
  constructor(sink: Sink, each: 'calls' | number) {
    this.#sink = sink;
    if (each !== 'calls') this.#timer = setInterval(() => this.#report(), each);
  }

  call(result: CallResult): void {
    if (this.#timer === undefined) {
      this.#sink.write(`${callLine(result)}\n`);
      return;
    }
    this.#interval.add(result);
    if (result.code !== status.OK)
      this.#firstError ??= `${status[result.code]}: ${printable(result.message)}`;
  }

  skip(): void {
    this.#interval.skip();
  }

  summary(all: Tally, seconds: number): void {
    clearInterval(this.#timer);
    this.#report();
    this.#sink.write(`\n${tallyTable(all)}\n\n${tallyFacts(all, seconds)}\n`);
  }

  /** What happened since the last report: `12 calls, none failed, p50 1.10ms, p99 2.00ms: be1-1 6, be1-2 6`. */
  #report(): void {
    const { calls, errors, p50Ms, p99Ms } = this.#interval.total;
    if (calls > 0 || this.#interval.skipped > 0) {
      const pods = this.#interval.pods.map(({ pod, calls: count }) => `${pod} ${count}`);
      const failed = errors === 0 ? 'none failed' : `${errors} failed`;
      const skipped = this.#interval.skipped === 0 ? '' : `, ${this.#interval.skipped} skipped`;
      const latency = `p50 ${formatMs(p50Ms)}, p99 ${formatMs(p99Ms)}`;
      this.#sink.write(`${calls} calls, ${failed}${skipped}, ${latency}: ${pods.join(', ')}\n`);
    }
    if (this.#firstError !== undefined) this.#sink.write(`  first error: ${this.#firstError}\n`);
    this.#firstError = undefined;
    this.#interval = new Tally();
  }
}

function callLine({ code, message, pod, latencyMs }: CallResult): string {
  const who = pod ?? 'nobody';
  const what = code === status.OK ? printable(message) : `${status[code]}: ${printable(message)}`;
  return `${who} ${code === status.OK ? 'answered' : 'failed'} after ${formatMs(latencyMs)}: ${what}`;
}
