import { status } from '@grpc/grpc-js';
import type { CallResult } from '../caller.ts';
import type { PodRow, Tally } from '../tally.ts';
import type { Output, Sink } from './output.ts';

const round = (value: number, digits: number) => Number(value.toFixed(digits));

/** JSON lines: `call` for each call or `tally` for each interval, and one `summary`. */
export class JsonOutput implements Output {
  readonly isLive = false;
  readonly #sink: Sink;
  readonly #timer: NodeJS.Timeout | undefined;
  #interval: Tally;

  /** @param each call, or every so many milliseconds */
  constructor(sink: Sink, all: Tally, each: 'calls' | number) {
    this.#sink = sink;
    this.#interval = all.anew();
    if (each !== 'calls') this.#timer = setInterval(() => this.#report(), each);
  }

  call(result: CallResult): void {
    if (this.#timer !== undefined) {
      this.#interval.add(result);
      return;
    }
    const { code, message, pod, peer, latencyMs } = result;
    this.#write('call', { code: status[code], pod, peer, message, latencyMs: round(latencyMs, 3) });
  }

  skip(): void {
    this.#interval.skip();
  }

  summary(all: Tally, seconds: number): void {
    clearInterval(this.#timer);
    this.#report();
    this.#write('summary', { seconds: round(seconds, 3), ...factsOf(all) });
  }

  #report(): void {
    if (this.#interval.total.calls > 0) this.#write('tally', factsOf(this.#interval));
    this.#interval = this.#interval.anew();
  }

  #write(event: string, fields: object): void {
    this.#sink.write(`${JSON.stringify({ event, time: new Date().toISOString(), ...fields })}\n`);
  }
}

function factsOf(tally: Tally) {
  const { calls, errors, p50Ms, p99Ms } = numbers(tally.total);
  const fairness = tally.fairness ?? { jain: null, coefficientOfVariation: null, uncalled: null };
  const pods = tally.pods.map((row) => ({ pod: row.pod, ...numbers(row), share: round(row.share, 4) }));
  const { skipped, errorCodes } = tally;
  return { calls, errors, skipped, p50Ms, p99Ms, ...fairness, errorCodes, pods };
}

const numbers = ({ calls, errors, p50Ms, p99Ms }: PodRow) => ({
  calls,
  errors,
  p50Ms: round(p50Ms, 3),
  p99Ms: round(p99Ms, 3),
});
