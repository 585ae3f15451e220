import { isIP } from 'node:net';
import { listenerDefaults, type ServerCertificate } from '@evenly/mesh-config';
import {
  HttpConnectionManager,
  HttpConnectionManager_CodecType as CodecType,
  HttpConnectionManager_PathWithEscapedSlashesAction as EscapedSlashes,
} from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import type { HttpFilter } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import type { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import type { ListenerFilter } from '@evenly/proto/envoy/config/listener/v3/listener_components';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { tlsInspectorType } from '../../resources/listener-tls.ts';
import { sessionTypes } from '../../resources/sessions.ts';
import { checkedName } from '../limits.ts';
import type { XdsListener } from '../model.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';
import { parseCertificates } from './listener-tls.ts';
import { parseRoutes } from './routes.ts';
import { checkSessionFilter } from './sessions.ts';

const managerType = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const filterTypes = {
  router: 'envoy.extensions.filters.http.router.v3.Router',
  fault: 'envoy.extensions.filters.http.fault.v3.HTTPFault',
  grpcWeb: 'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb',
  sessions: sessionTypes.filter,
} as const;

/** @throws Refusal */
export function parseListener(listener: Listener, warn: Warn): XdsListener {
  const api = listener.apiListener?.apiListener;
  const { packed, certificates } =
    api === undefined ? socketOf(listener) : { packed: api, certificates: undefined };
  const manager = managerOf(packed);
  const filters = filtersOf(manager.httpFilters, warn);
  const { routeSpecifier } = manager;
  refuseIf(routeSpecifier?.$case === 'scopedRoutes', 'scoped_routes is not supported');
  if (routeSpecifier === undefined || routeSpecifier.$case === 'scopedRoutes') {
    throw new Refusal('has no routes: neither rds nor route_config');
  }
  return {
    ...(api === undefined ? { at: addressOf(listener) } : {}),
    ...(certificates === undefined ? {} : { certificates }),
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

/** The HTTP connection manager of a socket listener, the same in all of its filter chains; and whom it serves by TLS. */
function socketOf(listener: Listener): {
  packed: Any;
  certificates: readonly ServerCertificate[] | undefined;
} {
  const { filterChains, defaultFilterChain, listenerFilters } = listener;
  refuseIf(listenerFilters.some(isNoInspector), 'of listener_filters only the tls_inspector is supported');
  const chains = defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
  const certificates = parseCertificates(chains);
  const [packed, ...more] = chains.map(({ filters: [filter, ...others] }) => {
    if (others.length > 0 || filter?.configType?.$case !== 'typedConfig') {
      throw new Refusal('must have exactly one network filter, an HTTP connection manager');
    }
    return filter.configType.value;
  });
  refuseIf(
    more.some(({ typeUrl, value }) => typeUrl !== packed!.typeUrl || !value.equals(packed!.value)),
    'must have the same HTTP connection manager in all filter chains',
  );
  return { packed: packed!, certificates };
}

const isNoInspector = ({ configType }: ListenerFilter): boolean =>
  configType?.$case !== 'typedConfig' || configType.value.typeUrl !== tlsInspectorType;

function managerOf({ typeUrl, value }: Any): HttpConnectionManager {
  const [, type = typeUrl] = typeUrl.split('/');
  refuseIf(type !== managerType, `has a network filter ${type}; only HTTP connection managers are supported`);
  return HttpConnectionManager.decode(value);
}

/** The types of the HTTP filters. The router must be the last one: what stands behind it would never run. */
function filtersOf(filters: readonly HttpFilter[], warn: Warn): Set<string> {
  const types = new Set<string>();
  filters.forEach(({ name, configType, isOptional }, index) => {
    const packed = configType?.$case === 'typedConfig' ? configType.value : undefined;
    const type = packed?.typeUrl.split('/')[1] ?? '';
    if (type === filterTypes.sessions) checkSessionFilter(packed!);
    if (Object.values<string>(filterTypes).includes(type)) types.add(type);
    else if (isOptional) warn(`the optional filter ${name} is unsupported`);
    else throw new Refusal(`has the HTTP filter ${name}, which is not supported`);
    const isLast = index === filters.length - 1;
    refuseIf(isLast !== (type === filterTypes.router), 'must have the router as its last HTTP filter');
  });
  refuseIf(filters.length === 0, 'must have the router as its last HTTP filter');
  return types;
}
