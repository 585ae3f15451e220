import type { Endpoint, EndpointSet } from '@evenly/discovery';
import {
  Cluster,
  Cluster_DiscoveryType,
  Cluster_EdsClusterConfig,
  Cluster_LbPolicy,
} from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { SocketAddress } from '@evenly/proto/envoy/config/core/v3/address';
import { ApiVersion, type ConfigSource } from '@evenly/proto/envoy/config/core/v3/config_source';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import {
  Endpoint as XdsEndpoint,
  LbEndpoint,
  LocalityLbEndpoints,
} from '@evenly/proto/envoy/config/endpoint/v3/endpoint_components';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import {
  Route,
  RouteAction,
  RouteMatch,
  VirtualHost,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import { Router } from '@evenly/proto/envoy/extensions/filters/http/router/v3/router';
import {
  HttpConnectionManager,
  HttpFilter,
} from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import { resource, type Resource } from '../resource.ts';
import { encode, message, packed } from './message.ts';
import { resourceNames } from './names.ts';

/** A service as xDS clients see it. */
export interface XdsService {
  name: string;
  /** Where its endpoints are. */
  region: string;
  zone: string;
}

/** A locality without a weight is dropped silently by gRPC clients (gRFC A27), so it always has one. */
const localityWeight = 1000;

const overAds: ConfigSource = {
  authorities: [],
  configSourceSpecifier: { $case: 'ads', value: {} },
  resourceApiVersion: ApiVersion.V3,
};

/** What does not depend on endpoints: listener → route → cluster, so that a client can ask before there are any. */
export function routingResources({ name }: XdsService): Resource[] {
  const names = resourceNames(name);
  return [
    resource('listener', names.listener, encodeListener(names.listener, names.route), [names.route]),
    resource('route', names.route, encodeRoute(names, name), [names.cluster]),
    resource('cluster', names.cluster, encodeCluster(names.cluster), [names.cluster]),
  ];
}

/** The endpoints that take new calls, in one locality. An empty set makes clients fail at once instead of waiting. */
export function endpointResource(service: XdsService, set: EndpointSet): Resource {
  const { cluster } = resourceNames(service.name);
  const lbEndpoints = set.endpoints.filter(({ state }) => state === 'ready').map(lbEndpoint);
  const locality = message(LocalityLbEndpoints, {
    locality: { region: service.region, zone: service.zone, subZone: '' },
    lbEndpoints,
    loadBalancingWeight: localityWeight,
    priority: 0,
  });
  const endpoints = lbEndpoints.length > 0 ? [locality] : [];
  return resource('endpoints', cluster, encode(ClusterLoadAssignment, { clusterName: cluster, endpoints }));
}

function encodeListener(name: string, routeConfigName: string): Uint8Array {
  const router = message(HttpFilter, {
    name: 'envoy.filters.http.router',
    configType: {
      $case: 'typedConfig',
      value: packed('envoy.extensions.filters.http.router.v3.Router', Router, {}),
    },
  });
  const manager = packed(
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    HttpConnectionManager,
    {
      statPrefix: name,
      routeSpecifier: { $case: 'rds', value: { routeConfigName, configSource: overAds } },
      httpFilters: [router], // gRPC clients refuse a listener whose last filter is not the router (gRFC A39)
    },
  );
  return encode(Listener, { name, apiListener: { apiListener: manager } });
}

function encodeRoute(names: ReturnType<typeof resourceNames>, domain: string): Uint8Array {
  const route = message(Route, {
    match: message(RouteMatch, { pathSpecifier: { $case: 'prefix', value: '' } }),
    action: {
      $case: 'route',
      value: message(RouteAction, { clusterSpecifier: { $case: 'cluster', value: names.cluster } }),
    },
  });
  const virtualHost = message(VirtualHost, { name: names.virtualHost, domains: [domain], routes: [route] });
  return encode(RouteConfiguration, { name: names.route, virtualHosts: [virtualHost] });
}

function encodeCluster(name: string): Uint8Array {
  return encode(Cluster, {
    name,
    clusterDiscoveryType: { $case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: message(Cluster_EdsClusterConfig, { edsConfig: overAds }),
    lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
  });
}

function lbEndpoint({ address, port, hostname = '', weight }: Endpoint): LbEndpoint {
  const socketAddress = message(SocketAddress, {
    address,
    portSpecifier: { $case: 'portValue', value: port },
  });
  const endpoint = message(XdsEndpoint, {
    address: { address: { $case: 'socketAddress', value: socketAddress } },
    hostname,
  });
  return message(LbEndpoint, {
    hostIdentifier: { $case: 'endpoint', value: endpoint },
    loadBalancingWeight: weight,
  });
}
