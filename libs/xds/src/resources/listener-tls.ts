import type { Listener as MeshListener, ServerCertificate } from '@evenly/mesh-config';
import { DataSource, type TransportSocket } from '@evenly/proto/envoy/config/core/v3/base';
import type { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import {
  FilterChain,
  FilterChainMatch,
  ListenerFilter,
  type Filter,
} from '@evenly/proto/envoy/config/listener/v3/listener_components';
import { TlsCertificate } from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/common';
import {
  CommonTlsContext,
  DownstreamTlsContext,
} from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import { message } from './message.ts';
import { tlsSocket } from './transport-security.ts';

/** An Envoy reads server names with it. Nothing of it is set, so its message is the empty one. */
export const tlsInspectorType =
  'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector';

/** What a listener does with connections: the same filters behind each certificate, or behind none. */
export function filterChains(
  { certificates, http1 }: Pick<MeshListener, 'certificates' | 'http1'>,
  filters: Filter[],
): Pick<Listener, 'filterChains' | 'listenerFilters'> {
  if (certificates === undefined)
    return { filterChains: [message(FilterChain, { filters })], listenerFilters: [] };
  const inspector = message(ListenerFilter, {
    name: 'envoy.filters.listener.tls_inspector',
    configType: { $case: 'typedConfig', value: { typeUrl: tlsInspectorType, value: Buffer.alloc(0) } },
  });
  return {
    filterChains: byServerNames(certificates).map(({ serverNames, certificate }) =>
      message(FilterChain, {
        filterChainMatch: serverNames && message(FilterChainMatch, { serverNames }),
        transportSocket: socketWith(certificate, http1 ? ['h2', 'http/1.1'] : ['h2']),
        filters,
      }),
    ),
    listenerFilters: [inspector],
  };
}

interface Names {
  /** Undefined: for all others, and clients that ask for no name. */
  serverNames: string[] | undefined;
  certificate: ServerCertificate;
}

/** No name twice: an Envoy refuses chains that it cannot tell apart. The first has it. */
function byServerNames(certificates: readonly ServerCertificate[]): Names[] {
  const taken = new Set<string>();
  return certificates.flatMap((certificate) => {
    const free = certificate.serverNames.filter((name) => !taken.has(name));
    for (const name of free) taken.add(name);
    const serverNames = free.filter((name) => name !== '*');
    return [
      ...(serverNames.length > 0 ? [{ serverNames, certificate }] : []),
      ...(free.includes('*') ? [{ serverNames: undefined, certificate }] : []),
    ];
  });
}

function socketWith({ cert, key }: ServerCertificate, alpnProtocols: string[]): TransportSocket {
  const inline = (value: string) =>
    message(DataSource, { specifier: { $case: 'inlineString' as const, value } });
  const certificate = message(TlsCertificate, { certificateChain: inline(cert), privateKey: inline(key) });
  return tlsSocket('DownstreamTlsContext', DownstreamTlsContext, {
    commonTlsContext: message(CommonTlsContext, { tlsCertificates: [certificate], alpnProtocols }),
  });
}
