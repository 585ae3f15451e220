import type { Endpoint } from '@evenly/endpoints';
import type { GrpcEndpoint } from './versions.ts';

const grpcEndpoints = new WeakMap<Endpoint, GrpcEndpoint>();
const described = new WeakMap<GrpcEndpoint, Endpoint>();

/** The same object for the same endpoint, so that a large set costs nothing again when a part of it changes. */
export function toGrpc(endpoint: Endpoint): GrpcEndpoint {
  let known = grpcEndpoints.get(endpoint);
  if (known === undefined) {
    known = { addresses: [{ host: endpoint.address, port: endpoint.port }] };
    grpcEndpoints.set(endpoint, known);
    described.set(known, endpoint);
  }
  return known;
}

/** What the source said of it: zone, weight, priority. Nothing for endpoints of other resolvers. */
export function describe(endpoint: GrpcEndpoint): Partial<Endpoint> {
  return described.get(endpoint) ?? {};
}

/**
 * Those that get new calls: the ready ones; where there is none, those that still serve while they end. So an endpoint
 * that terminates gets no new call long before its connection closes.
 */
export function usable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter(({ state }) => state === 'ready');
  return ready.length > 0 ? ready : endpoints.filter(({ state }) => state === 'serving-terminating');
}

/** For policies that know no priorities: those of the first one. */
export function firstPriority(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const first = Math.min(...new Set(endpoints.map(({ priority = 0 }) => priority)));
  return endpoints.filter(({ priority = 0 }) => priority === first);
}
