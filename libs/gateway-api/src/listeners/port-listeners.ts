import { listenerDefaults, type Listener, type VirtualHost } from '@evenly/mesh-config';
import type { Gateway } from '../objects/gateway.ts';
import { keyOf } from '../objects/meta.ts';
import type { MergedListener } from './merged-listeners.ts';
import { serverCertificates } from './server-certificates.ts';

/** Of all that a Gateway's proxies shall listen on. */
export const listenerPrefix = (gateway: Gateway) => `gateway/${keyOf(gateway.meta)}/`;

/** All listeners of a Gateway that share a port are one of the proxy's. */
export function portListener(
  gateway: Gateway,
  port: number,
  listeners: readonly MergedListener[],
  virtualHosts: readonly VirtualHost[],
): Listener {
  const certificates = serverCertificates(listeners);
  return {
    ...listenerDefaults,
    name: `${listenerPrefix(gateway)}${port}`,
    address: '0.0.0.0',
    port,
    virtualHosts,
    http1: listeners.some(({ kinds }) => kinds.includes('HTTPRoute')),
    ...(certificates.length > 0 ? { certificates } : {}),
  };
}
