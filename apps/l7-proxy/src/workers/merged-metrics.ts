import { AggregatorRegistry, type Registry } from 'prom-client';
import type { MetricsJson } from './messages.ts';

/** What only rises: it must go on to count when the process that counted is gone. (prom-client's types say numbers.) */
const rising: readonly unknown[] = ['counter', 'histogram'];

/** Metrics of several processes as one: added up, or as each metric's own rule says. */
export function mergeMetrics(parts: readonly MetricsJson[]): Registry {
  return AggregatorRegistry.aggregate(parts as unknown as object[]);
}

/** The sums of what ended workers have counted, so that no counter falls when one ends. */
export class PastMetrics {
  #sum: MetricsJson = [];

  get all(): MetricsJson {
    return this.#sum;
  }

  async add(last: MetricsJson): Promise<void> {
    const counted = last.filter(({ type }) => rising.includes(type));
    this.#sum = await mergeMetrics([this.#sum, counted]).getMetricsAsJSON();
  }
}
