import { sendOrder, type Acknowledgement, type ResourceType } from '@evenly/xds';
import { Counter, type Registry } from 'prom-client';

/** Upper bounds of the time from a response to its acknowledgement. */
const boundsSeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

const ofEachType = <T>(make: () => T) =>
  Object.fromEntries(sendOrder.map((type) => [type, make()])) as Record<ResourceType, T>;

/** How long acknowledgements took; the last count is of those above all bounds. */
class AckTimes {
  readonly counts = new Float64Array(boundsSeconds.length + 1);
  sumSeconds = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < boundsSeconds.length && seconds > boundsSeconds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sumSeconds += seconds;
  }
}

/**
 * What is said on streams, counted for each response and request. The numbers become metrics when somebody asks: to look its
 * labels up in prom-client for each of them took 3 % of the CPU of a change that all clients get.
 */
export class ExchangeCounts {
  readonly responses = ofEachType(() => 0);
  readonly requests = {
    subscribe: ofEachType(() => 0),
    ack: ofEachType(() => 0),
    nack: ofEachType(() => 0),
    stale: ofEachType(() => 0),
  };
  readonly ackTimes = ofEachType(() => new AckTimes());
  /** Requests that ended their stream. */
  refused = 0;

  note({ said, type, latencyMs }: Acknowledgement): void {
    this.requests[said][type]++;
    if (said === 'ack' && latencyMs !== undefined) this.ackTimes[type].observe(latencyMs / 1000);
  }

  constructor(registry: Registry) {
    const counter = (
      name: string,
      help: string,
      labelNames: string[],
      read: () => Iterable<[Record<string, string>, number]>,
    ) =>
      new Counter({
        name,
        help,
        labelNames,
        registers: [registry],
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.inc(labels, value);
        },
      });
    counter(
      'evenly_xds_requests_total',
      'Requests by what they said of the response before them: ack, nack, stale, subscribe or refused',
      ['said', 'type'],
      () => this.#requestSamples(),
    );
    const byType = (counts: Record<ResourceType, number>) =>
      Object.entries(counts).map(([type, value]): [{ type: string }, number] => [{ type }, value]);
    counter('evenly_xds_nacks_total', 'Responses that clients rejected', ['type'], () =>
      byType(this.requests.nack),
    );
    counter('evenly_xds_responses_total', 'Responses by resource type', ['type'], () =>
      byType(this.responses),
    );
    this.#registerAckTimes(registry);
  }

  *#requestSamples(): Iterable<[Record<string, string>, number]> {
    for (const [said, counts] of Object.entries(this.requests))
      for (const [type, value] of Object.entries(counts)) yield [{ said, type }, value];
    yield [{ said: 'refused', type: 'unknown' }, this.refused];
  }

  /** prom-client asks registered metrics by `get`, but has no public histogram that leaves the numbers to others. */
  #registerAckTimes(registry: Registry): void {
    const name = 'evenly_xds_ack_seconds';
    const help = 'Time from a response to its acknowledgement';
    const values = () =>
      Object.entries(this.ackTimes).flatMap(([type, { counts, sumSeconds }]) => {
        let count = 0;
        const buckets = [...counts].map((value, index) => {
          count += value;
          const labels = { le: boundsSeconds[index] ?? '+Inf', type };
          return { labels, value: count, metricName: `${name}_bucket` };
        });
        return [
          ...buckets,
          { labels: { type }, value: sumSeconds, metricName: `${name}_sum` },
          { labels: { type }, value: count, metricName: `${name}_count` },
        ];
      });
    const get = async () => ({ name, help, type: 'histogram', values: values(), aggregator: 'sum' });
    registry.registerMetric({ name, get } as never);
  }
}
