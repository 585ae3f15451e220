import { isIP } from 'node:net';
import { listenerDefaults } from '@evenly/mesh-config';
import {
  HttpConnectionManager,
  HttpConnectionManager_CodecType as CodecType,
  HttpConnectionManager_PathWithEscapedSlashesAction as EscapedSlashes,
} from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import type { HttpFilter } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import type { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { checkedName } from '../limits.ts';
import type { XdsListener } from '../model.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';
import { parseRoutes } from './routes.ts';

const managerType = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const filterTypes = {
  router: 'envoy.extensions.filters.http.router.v3.Router',
  fault: 'envoy.extensions.filters.http.fault.v3.HTTPFault',
  grpcWeb: 'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb',
} as const;

/** @throws Refusal */
export function parseListener(listener: Listener, warn: Warn): XdsListener {
  const packed = listener.apiListener?.apiListener;
  const manager = managerOf(packed ?? socketManager(listener));
  const filters = filtersOf(manager.httpFilters, warn);
  const { routeSpecifier } = manager;
  refuseIf(routeSpecifier?.$case === 'scopedRoutes', 'scoped_routes is not supported');
  if (routeSpecifier === undefined || routeSpecifier.$case === 'scopedRoutes') {
    throw new Refusal('has no routes: neither rds nor route_config');
  }
  return {
    ...(packed === undefined ? { at: addressOf(listener) } : {}),
    http1: manager.codecType === CodecType.AUTO || manager.codecType === CodecType.HTTP1,
    grpcWeb: filters.has(filterTypes.grpcWeb),
    paths: pathsOf(manager, warn),
    routes:
      routeSpecifier.$case === 'rds'
        ? checkedName('rds.route_config_name', routeSpecifier.value.routeConfigName)
        : parseRoutes(routeSpecifier.value, warn),
  };
}

/** Where the server does not say it, paths are normalized: unlike Envoy, which would leave rules to be gone round. */
function pathsOf(manager: HttpConnectionManager, warn: Warn): XdsListener['paths'] {
  const { normalizePath = listenerDefaults.normalizePath, pathWithEscapedSlashesAction: action } = manager;
  if (action === EscapedSlashes.UNESCAPE_AND_FORWARD || action === EscapedSlashes.UNESCAPE_AND_REDIRECT) {
    warn('path_with_escaped_slashes_action: such requests are refused, not unescaped');
  }
  return { normalizePath, encodedSlashes: action === EscapedSlashes.KEEP_UNCHANGED ? 'keep' : 'refuse' };
}

function addressOf({ address }: Listener): { address: string; port: number } {
  const socket = address?.address?.$case === 'socketAddress' ? address.address.value : undefined;
  const port = socket?.portSpecifier?.$case === 'portValue' ? socket.portSpecifier.value : undefined;
  if (socket === undefined || port === undefined || isIP(socket.address) === 0 || port > 65_535) {
    throw new Refusal('needs a socket_address with an IP address and a port');
  }
  return { address: socket.address, port };
}

/** The one HTTP connection manager of a socket listener. */
function socketManager({ filterChains, defaultFilterChain, listenerFilters }: Listener): Any {
  refuseIf(listenerFilters.length > 0, 'listener_filters are not supported');
  const chains = defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
  const [chain] = chains;
  if (chain === undefined || chains.length > 1) throw new Refusal('must have exactly one filter chain');
  refuseIf(chain.filterChainMatch !== undefined, 'filter_chain_match is not supported');
  // To serve in plaintext what should be encrypted would be worse than not to serve it.
  refuseIf(chain.transportSocket !== undefined, 'a transport_socket (TLS by xDS) is not supported');
  const [filter] = chain.filters;
  if (chain.filters.length !== 1 || filter?.configType?.$case !== 'typedConfig') {
    throw new Refusal('must have exactly one network filter, an HTTP connection manager');
  }
  return filter.configType.value;
}

function managerOf({ typeUrl, value }: Any): HttpConnectionManager {
  const [, type = typeUrl] = typeUrl.split('/');
  refuseIf(type !== managerType, `has a network filter ${type}; only HTTP connection managers are supported`);
  return HttpConnectionManager.decode(value);
}

/** The types of the HTTP filters. The router must be the last one: what stands behind it would never run. */
function filtersOf(filters: readonly HttpFilter[], warn: Warn): Set<string> {
  const types = new Set<string>();
  filters.forEach(({ name, configType, isOptional }, index) => {
    const type = configType?.$case === 'typedConfig' ? configType.value.typeUrl.split('/')[1]! : '';
    if (Object.values<string>(filterTypes).includes(type)) types.add(type);
    else if (isOptional) warn(`the optional filter ${name} is unsupported`);
    else throw new Refusal(`has the HTTP filter ${name}, which is not supported`);
    const isLast = index === filters.length - 1;
    refuseIf(isLast !== (type === filterTypes.router), 'must have the router as its last HTTP filter');
  });
  refuseIf(filters.length === 0, 'must have the router as its last HTTP filter');
  return types;
}
