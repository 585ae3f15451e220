import { addressesOf, type Endpoint } from '@evenly/endpoints';
import type { GrpcEndpoint } from './versions.ts';

const grpcEndpoints = new WeakMap<Endpoint, GrpcEndpoint>();
const described = new WeakMap<GrpcEndpoint, Endpoint>();

/** The same object for the same endpoint, so that a large set costs nothing again when a part of it changes. */
export function toGrpc(endpoint: Endpoint): GrpcEndpoint {
  let known = grpcEndpoints.get(endpoint);
  if (known === undefined) {
    known = { addresses: addressesOf(endpoint).map((host) => ({ host, port: endpoint.port })) };
    grpcEndpoints.set(endpoint, known);
    described.set(known, endpoint);
  }
  return known;
}

/** What the source said of it: zone, weight, priority. Nothing for endpoints of other resolvers. */
export function describe(endpoint: GrpcEndpoint): Partial<Endpoint> {
  return described.get(endpoint) ?? {};
}
