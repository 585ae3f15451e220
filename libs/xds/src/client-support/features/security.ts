import type { Listener } from '@evenly/mesh-config';
import { namesFiles } from '../../resources/endpoint-tls.ts';
import { all, approximated, impossible, ofServers, ofTls, type Feature } from '../difference.ts';
import { everybody, grpc } from './clients.ts';

/** Who may speak to whom, and how that is known. */
export const securityFeatures: readonly Feature[] = [
  {
    title: '`tls` of a service with files',
    usedBy: ofTls(namesFiles),
    clients: all(
      everybody,
      impossible("the client's own credentials: only our own proxy takes this, from a config file"),
    ),
  },
  {
    title: '`tls` of a service without files',
    usedBy: ofTls((tls) => !namesFiles(tls)),
    clients: all(grpc, impossible("the client's own credentials")),
  },
  {
    title: '`servers` with `mtls` or `tls`, for clients',
    usedBy: ofServers('servers.security', ({ security }) => security !== 'none'),
    clients: {
      envoy: impossible('calls without TLS, unless its own config has it'),
      proxy: impossible('calls without TLS: it takes `tls` of a service'),
    },
  },
  {
    title: '`servers.allow`, for servers',
    usedBy: ofServers('servers.allow', ({ allow }) => allow !== undefined),
    clients: {
      'grpc-js': approximated(
        'lets in nobody at all, unless GRPC_XDS_EXPERIMENTAL_RBAC=true is in its environment: it rejects the listener, and does not serve',
      ),
    },
  },
  {
    title: 'certificates by server name of a listener (HTTPS of a Gateway)',
    usedBy: ({ listeners }) =>
      listeners
        .filter(({ certificates }) => certificates !== undefined)
        .map(({ name }) => ({ service: `listener ${name}`, field: 'certificates' })),
    clients: {
      envoy: approximated(
        'clients that ask for another name are closed without an alert; one certificate that is no good, and the listener is rejected as a whole',
      ),
    },
  },
  {
    title: '`tls` or `proxyProtocol` of a listener',
    usedBy: ({ listeners }) =>
      listeners.filter(isForOurProxyOnly).map(({ name, tls }) => ({
        service: `listener ${name}`,
        field: tls === undefined ? 'proxyProtocol' : 'tls',
      })),
    clients: all(
      ['envoy', 'proxy'],
      impossible('the listener is not sent: only our own proxy with a config file has it'),
    ),
  },
];

/** An Envoy that got these without their TLS, or their PROXY protocol, would let in whom it should not. */
export function isForOurProxyOnly({ tls, proxyProtocol }: Listener): boolean {
  return tls !== undefined || proxyProtocol;
}
