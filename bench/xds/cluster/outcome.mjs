import { quantile } from '../statistics.mjs';

const million = 1_000_000;

/** How many clients ask for each Service, by its index: as go/subscribers shares them out. */
function askersOf({ services, clients, each }) {
  const askers = new Array(services).fill(0);
  for (let i = 0; i < clients * each; i++) askers[i % services] += 1;
  return askers;
}

/**
 * How long each change took until the last client that asks for its Service had acknowledged it, or a later one of the
 * same Service.
 * @returns quantiles in milliseconds, from the request that wrote it, and from its answer
 */
export function latencies(changes, acks, size) {
  const byService = new Map();
  for (const [service, client, number, ns] of acks) {
    const ofService = byService.get(service) ?? new Map();
    byService.set(service, ofService);
    ofService.set(client, [...(ofService.get(client) ?? []), { number, ns: BigInt(ns) }]);
  }
  const askers = askersOf(size);
  /** @type {number[]} */
  const fromWrite = [];
  /** @type {number[]} */
  const fromAnswer = [];
  let lost = 0;
  for (const { service, number, atNs, takenNs } of changes) {
    if (askers[service] === 0) continue;
    const times = [...(byService.get(service)?.values() ?? [])].map(
      (ofClient) => ofClient.find((ack) => ack.number >= number)?.ns,
    );
    if (times.length < askers[service] || times.includes(undefined)) {
      lost += 1;
      continue;
    }
    const last = times.reduce((a, b) => (a > b ? a : b));
    fromWrite.push(Number(last - atNs) / million);
    fromAnswer.push(Number(last - takenNs) / million);
  }
  const of = (values) => ({
    p50Ms: quantile(values, 0.5),
    p99Ms: quantile(values, 0.99),
    maxMs: quantile(values, 1),
  });
  return { ...of(fromWrite), fromAnswer: of(fromAnswer), lost };
}

/** What clients have that the API server has not, or the other way round; a line for each Service. */
export function differences(views, slices, size) {
  const askers = askersOf(size);
  const found = [];
  for (const [service, slice] of slices) {
    const port = slice.ports[0].port;
    const wanted = slice.endpoints
      .map(({ addresses }) => `${addresses[0]}:${port}`)
      .sort()
      .join(' ');
    const seen = views[service] ?? {};
    const seenBy = Object.values(seen).reduce((sum, count) => sum + count, 0);
    if (seenBy === askers[service] && seenBy === (seen[wanted] ?? 0)) continue;
    found.push(`Service ${service}: the API server has ${wanted}; clients have ${JSON.stringify(seen)}`);
  }
  return found;
}
