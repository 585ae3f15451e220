import type { Listener as MeshListener, Route } from '@evenly/mesh-config';
import { SocketAddress, type Address } from '@evenly/proto/envoy/config/core/v3/address';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { Filter } from '@evenly/proto/envoy/config/listener/v3/listener_components';
import {
  HttpConnectionManager,
  HttpConnectionManager_CodecType as CodecType,
  HttpConnectionManager_PathWithEscapedSlashesAction as EscapedSlashes,
  type HttpFilter,
} from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import type { ConfigSource } from '@evenly/proto/envoy/config/core/v3/config_source';
import type { Any } from '@evenly/proto/google/protobuf/any';
import type { NodeKind } from '../node.ts';
import { resource, type Resource } from '../resource.ts';
import { httpFilters } from './http-filters.ts';
import { filterChains } from './listener-tls.ts';
import { encode, message, packed } from './message.ts';
import { listenerName, routeName, socketRouteName } from './names.ts';
import { hasSessions, knownSessions } from './sessions.ts';

/** What a listener has filters for, because some of its routes use them. */
export interface UsedFilters {
  faults: boolean;
  sessions: boolean;
}

/** @param someRoute whether one of its routes passes a test */
export const usedFilters = (someRoute: (test: (route: Route) => boolean) => boolean): UsedFilters => ({
  faults: someRoute(({ fault }) => fault !== undefined),
  sessions: someRoute(hasSessions),
});

/**
 * What a gRPC client gets for `xds:///<authority>`: no address, only how its calls are routed.
 * @param used by its routes
 * @param mark makes the content another one, see ReturnedNames
 */
export function apiListener(
  authority: string,
  used: UsedFilters,
  source: ConfigSource,
  kind: NodeKind,
  { route = routeName(authority), mark = 0 }: { route?: string; mark?: number } = {},
): Resource {
  const name = listenerName(authority);
  const filters = httpFilters({ ...knownTo(kind, used), grpcWeb: false });
  const statPrefix = mark === 0 ? name : `${name} ${mark}`; // what gRPC clients keep and have no use for
  const apiListener = { apiListener: connectionManager(statPrefix, route, filters, source) };
  return resource('listener', name, encode(Listener, { name, apiListener }), [route]);
}

/** What an Envoy gets for a listener of the config: an address, and the same routes. */
export function socketListener(
  listener: Omit<MeshListener, 'routes' | 'virtualHosts'>,
  used: UsedFilters,
  source: ConfigSource,
  kind: NodeKind,
): Resource {
  const { name, address, port, http1, grpcWeb, normalizePath, encodedSlashes } = listener;
  const route = socketRouteName(name);
  const filters = httpFilters({ ...knownTo(kind, used), grpcWeb });
  // Or an Envoy would take `//admin` for another path than `/admin`.
  const paths = {
    // Our own proxy looks at what comes first only where it has to; an Envoy looks anyway, and needs it for gRPC-Web.
    codecType: kind === 'proxy' && !http1 ? CodecType.HTTP2 : CodecType.AUTO,
    stripTrailingHostDot: true, // or `shop.` would be no authority of any route
    normalizePath,
    mergeSlashes: normalizePath,
    pathWithEscapedSlashesAction:
      normalizePath && encodedSlashes === 'refuse'
        ? EscapedSlashes.REJECT_REQUEST
        : EscapedSlashes.KEEP_UNCHANGED,
  };
  const manager = message(Filter, {
    name: 'envoy.filters.network.http_connection_manager',
    configType: { $case: 'typedConfig', value: connectionManager(name, route, filters, source, paths) },
  });
  const encoded = encode(Listener, {
    name,
    address: socketAddress({ address, port }),
    ...filterChains(listener, [manager]),
  });
  return resource('listener', name, encoded, [route]);
}

const knownTo = (kind: NodeKind, { faults, sessions }: UsedFilters): UsedFilters => ({
  faults,
  sessions: sessions && knownSessions(kind) !== 'none',
});

export function socketAddress({ address, port }: { address: string; port: number }): Address {
  const value = message(SocketAddress, { address, portSpecifier: { $case: 'portValue', value: port } });
  return { address: { $case: 'socketAddress', value } };
}

export const connectionManagerName =
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

function connectionManager(
  statPrefix: string,
  routeConfigName: string,
  filters: HttpFilter[],
  configSource: ConfigSource,
  paths: Partial<HttpConnectionManager> = {},
): Any {
  return packed(connectionManagerName, HttpConnectionManager, {
    statPrefix,
    routeSpecifier: { $case: 'rds', value: { routeConfigName, configSource } },
    httpFilters: filters,
    // Streams may be silent for long; Envoy would cut them after 5 minutes.
    streamIdleTimeout: { seconds: 0n, nanos: 0 },
    ...paths,
  });
}
