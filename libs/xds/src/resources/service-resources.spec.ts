import { endpointSet } from '@evenly/discovery';
import { HttpConnectionManager } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import { describe, expect, it } from 'vitest';
import { codecs } from '../resource-type.ts';
import type { Resource } from '../resource.ts';
import { endpointResource, routingResources } from './service-resources.ts';

const be1 = { name: 'be1-srv', region: 'us-central1', zone: 'us-central1-a' };
const decode = <T extends keyof typeof codecs>(type: T, item: Resource | undefined) =>
  codecs[type].decode(item!.encoded) as ReturnType<(typeof codecs)[T]['decode']>;

describe('the resources of a service', () => {
  const [listener, route, cluster] = routingResources(be1);

  it('has a listener with the name of the service, whose only and last filter is the router', () => {
    const decoded = decode('listener', listener);
    const manager = HttpConnectionManager.decode(decoded.apiListener!.apiListener!.value);
    expect(decoded.name).toBe('be1-srv');
    expect(manager.routeSpecifier).toMatchObject({
      $case: 'rds',
      value: { routeConfigName: 'be1-srv-route', configSource: { configSourceSpecifier: { $case: 'ads' } } },
    });
    expect(manager.httpFilters.map(({ name }) => name)).toEqual(['envoy.filters.http.router']);
  });

  it('routes everything of the domain to the cluster', () => {
    expect(decode('route', route)).toMatchObject({
      name: 'be1-srv-route',
      virtualHosts: [
        {
          name: 'be1-srv-vs',
          domains: ['be1-srv'],
          routes: [
            {
              match: { pathSpecifier: { $case: 'prefix', value: '' } },
              action: {
                $case: 'route',
                value: { clusterSpecifier: { $case: 'cluster', value: 'be1-srv-cluster' } },
              },
            },
          ],
        },
      ],
    });
  });

  it('has a round-robin cluster with its endpoints over ADS', () => {
    expect(decode('cluster', cluster)).toMatchObject({
      name: 'be1-srv-cluster',
      clusterDiscoveryType: { $case: 'type', value: 3 },
      lbPolicy: 0,
      edsClusterConfig: { edsConfig: { configSourceSpecifier: { $case: 'ads' } } },
    });
  });

  it('puts the ready endpoints into one weighted locality, IPv6 too', () => {
    const set = endpointSet([
      { address: '10.0.0.1', port: 50051, state: 'ready', hostname: 'be1-srv-1', weight: 3 },
      { address: 'fd00::1', port: 50052, state: 'ready' },
      { address: '10.0.0.3', port: 50051, state: 'not-ready' },
      { address: '10.0.0.4', port: 50051, state: 'serving-terminating' },
    ]);
    const { clusterName, endpoints } = decode('endpoints', endpointResource(be1, set));
    expect(clusterName).toBe('be1-srv-cluster');
    expect(endpoints).toMatchObject([
      { locality: { region: 'us-central1', zone: 'us-central1-a' }, loadBalancingWeight: 1000, priority: 0 },
    ]);
    const rows = endpoints[0]!.lbEndpoints.map(({ hostIdentifier, loadBalancingWeight }) => {
      const endpoint = hostIdentifier?.$case === 'endpoint' ? hostIdentifier.value : undefined;
      const address = endpoint?.address?.address;
      const socket = address?.$case === 'socketAddress' ? address.value : undefined;
      return [socket?.address, socket?.portSpecifier?.value, endpoint?.hostname, loadBalancingWeight];
    });
    expect(rows).toEqual([
      ['10.0.0.1', 50051, 'be1-srv-1', 3],
      ['fd00::1', 50052, '', undefined],
    ]);
  });

  it('says of an empty set that there are no endpoints', () => {
    expect(decode('endpoints', endpointResource(be1, endpointSet([]))).endpoints).toEqual([]);
  });
});
