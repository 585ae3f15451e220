import type { Service } from '@evenly/mesh-config';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { Filter, FilterChain } from '@evenly/proto/envoy/config/listener/v3/listener_components';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import { Route, RouteMatch, VirtualHost } from '@evenly/proto/envoy/config/route/v3/route_components';
import { HttpConnectionManager } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import { isGrpc } from '../node.ts';
import { resource, type NodeResource, type Resource } from '../resource.ts';
import { serverListenerName } from '../server-listener-name.ts';
import { byKind } from './by-kind.ts';
import { httpFilters } from './http-filters.ts';
import { connectionManagerName } from './listeners.ts';
import { encode, message, packed } from './message.ts';
import { downstreamSecurity } from './transport-security.ts';

/** How the gRPC servers of a service serve (gRFC A36): without an address yet, which each of them says when it asks. */
export function serverListener(service: Service): NodeResource {
  const name = serverListenerName(service.name);
  return byKind('listener', name, (kind, mark) =>
    isGrpc(kind) ? listenerOf(name, service, mark) : undefined,
  );
}

function listenerOf(name: string, { servers }: Service, mark: number): Resource {
  const { allow } = servers ?? {};
  const manager = packed(connectionManagerName, HttpConnectionManager, {
    statPrefix: mark === 0 ? name : `${name} ${mark}`,
    routeSpecifier: { $case: 'routeConfig', value: toTheApplication },
    httpFilters: httpFilters({ faults: false, sessions: false, grpcWeb: false, allow }),
  });
  const filter = message(Filter, {
    name: 'envoy.filters.network.http_connection_manager',
    configType: { $case: 'typedConfig', value: manager },
  });
  const chain = message(FilterChain, {
    filters: [filter],
    transportSocket: servers && downstreamSecurity(servers),
  });
  return resource('listener', name, encode(Listener, { name, defaultFilterChain: chain }));
}

/** Within the listener: it is the same for all. */
const toTheApplication = message(RouteConfiguration, {
  name: 'server',
  virtualHosts: [
    message(VirtualHost, {
      name: 'server',
      domains: ['*'],
      routes: [
        message(Route, {
          match: message(RouteMatch, { pathSpecifier: { $case: 'prefix', value: '/' } }),
          action: { $case: 'nonForwardingAction', value: {} },
        }),
      ],
    }),
  ],
});
