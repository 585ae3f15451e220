import { Cluster, Cluster_DiscoveryType } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { SocketAddress } from '@evenly/proto/envoy/config/core/v3/address';
import { ApiVersion, type ConfigSource } from '@evenly/proto/envoy/config/core/v3/config_source';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import {
  Endpoint,
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
import type { Any } from '@evenly/proto/google/protobuf/any';

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** A message with the fields given, the others at their defaults. */
const make = <T>(codec: Codec<T>, fields: Partial<T>): T => ({
  ...codec.decode(new Uint8Array()),
  ...fields,
});

function pack<T>(type: string, codec: Codec<T>, fields: Partial<T>): Any {
  return {
    typeUrl: `type.googleapis.com/${type}`,
    value: Buffer.from(codec.encode(make(codec, fields)).finish()),
  };
}

const overAds: ConfigSource = {
  authorities: [],
  configSourceSpecifier: { $case: 'ads', value: {} },
  resourceApiVersion: ApiVersion.V3,
};

/** By type: the resource of a service whose endpoints have these ports on 127.0.0.1. All have the service's name. */
export const resourceMakers: Readonly<Record<string, (service: string, ports: readonly number[]) => Any>> = {
  'envoy.config.listener.v3.Listener': (name) =>
    pack('envoy.config.listener.v3.Listener', Listener, {
      name,
      apiListener: { apiListener: manager(name) },
    }),

  'envoy.config.route.v3.RouteConfiguration': (name) => {
    const route = make(Route, {
      match: make(RouteMatch, { pathSpecifier: { $case: 'prefix', value: '' } }),
      action: {
        $case: 'route',
        value: make(RouteAction, { clusterSpecifier: { $case: 'cluster', value: name } }),
      },
    });
    const virtualHosts = [make(VirtualHost, { name, domains: [name], routes: [route] })];
    return pack('envoy.config.route.v3.RouteConfiguration', RouteConfiguration, { name, virtualHosts });
  },

  'envoy.config.cluster.v3.Cluster': (name) =>
    pack('envoy.config.cluster.v3.Cluster', Cluster, {
      name,
      clusterDiscoveryType: { $case: 'type', value: Cluster_DiscoveryType.EDS },
      edsClusterConfig: { edsConfig: overAds, serviceName: '' },
    }),

  'envoy.config.endpoint.v3.ClusterLoadAssignment': (clusterName, ports) => {
    const locality = make(LocalityLbEndpoints, {
      locality: { region: 'r', zone: 'z', subZone: '' },
      lbEndpoints: ports.map(lbEndpoint),
      loadBalancingWeight: 1,
    });
    const fields = { clusterName, endpoints: [locality] };
    return pack('envoy.config.endpoint.v3.ClusterLoadAssignment', ClusterLoadAssignment, fields);
  },
};

function manager(routeConfigName: string): Any {
  const router = pack('envoy.extensions.filters.http.router.v3.Router', Router, {});
  return pack(
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    HttpConnectionManager,
    {
      routeSpecifier: { $case: 'rds', value: { routeConfigName, configSource: overAds } },
      httpFilters: [
        make(HttpFilter, { name: 'router', configType: { $case: 'typedConfig', value: router } }),
      ],
    },
  );
}

function lbEndpoint(port: number): LbEndpoint {
  const value = make(SocketAddress, {
    address: '127.0.0.1',
    portSpecifier: { $case: 'portValue', value: port },
  });
  const endpoint = make(Endpoint, { address: { address: { $case: 'socketAddress', value } } });
  return make(LbEndpoint, { hostIdentifier: { $case: 'endpoint', value: endpoint } });
}
