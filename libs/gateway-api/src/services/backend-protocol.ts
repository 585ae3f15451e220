import type { ServicePort } from '../objects/service.ts';

/** What the pods behind a port speak, by what its Service says. */
export type BackendProtocol = 'http1' | 'http2';

/** Names of `appProtocol`: those of Kubernetes (KEP-3726), of IANA, and what people write. */
const byAppProtocol: ReadonlyMap<string, BackendProtocol> = new Map([
  ...['kubernetes.io/h2c', 'h2c', 'http2', 'grpc'].map((name) => [name, 'http2'] as const),
  ...['kubernetes.io/ws', 'http'].map((name) => [name, 'http1'] as const),
]);

/** Undefined: a protocol that we do not speak. */
export function protocolOf({ appProtocol, name }: ServicePort): BackendProtocol | undefined {
  if (appProtocol !== undefined) return byAppProtocol.get(appProtocol.toLowerCase());
  return /^(grpc|http2|h2c)(-|$)/.test(name) ? 'http2' : 'http1';
}
