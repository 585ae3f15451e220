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

/** What the source said of it: zone, weight, priority. Of another resolver's endpoint, what tells it apart. */
export function describe(endpoint: GrpcEndpoint): Endpoint {
  return described.get(endpoint) ?? { address: addressOf(endpoint), port: 0, state: 'ready' };
}

/** What tells it apart, for people too: `10.0.0.1:50051`, or several of them. */
export function addressOf({ addresses }: GrpcEndpoint): string {
  return addresses
    .map((address) => ('path' in address ? address.path : `${address.host}:${address.port}`))
    .join(' ');
}
