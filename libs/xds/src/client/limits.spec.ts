import { describe, expect, it } from 'vitest';
import { defaultPolicy, type MeshConfig, type Route as MeshRoute, type Service } from '@evenly/mesh-config';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import {
  Route,
  RouteAction,
  RouteMatch,
  VirtualHost,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import { encode, message } from '../resources/message.ts';
import { nodeInfo, proxyUserAgent } from '../node.ts';
import { isNodeResource } from '../resource.ts';
import { defaultListenerName, socketRouteName } from '../resources/names.ts';
import { routingResources } from '../resources/routing.ts';
import { clientLimits } from './limits.ts';
import { splitRoutes } from './parse/encoded-routes.ts';
import { readRoutes } from './parse/routes.ts';

const warn = (reason: string) => expect.unreachable(reason);

/** A virtual host with so many domains and routes. */
function configuration(domains: number, routes: number): Uint8Array {
  const action = message(RouteAction, { clusterSpecifier: { $case: 'cluster', value: 'a' } });
  const route = message(Route, {
    match: message(RouteMatch, { pathSpecifier: { $case: 'prefix', value: '/' } }),
    action: { $case: 'route', value: action },
  });
  const host = message(VirtualHost, {
    name: 'v',
    domains: Array.from({ length: domains }, (_, i) => `d${i}`),
    routes: Array.from({ length: routes }, () => route),
  });
  return encode(RouteConfiguration, { name: 'r', virtualHosts: [host] });
}

const read = (encoded: Uint8Array) => readRoutes(splitRoutes(encoded), warn).virtualHosts;

describe('how many routes a server may send', () => {
  it('more than the limit are refused', () => {
    expect(() => read(configuration(1, clientLimits.routes + 1))).toThrow('has more than 20000 routes');
  });

  it('few routes for many domains are refused as well', () => {
    expect(() => read(configuration(101, 1000))).toThrow(
      'has more than 100000 routes, each counted for each domain of its virtual host',
    );
  });

  it('the proxy takes what our server makes of 3000 Services, each by all of its names', () => {
    const services: Service[] = Array.from({ length: 3000 }, (_, i) => ({
      name: `srv-${i}.shop:8080`,
      source: { kind: 'static', endpoints: [] },
      locality: { region: '', zone: '' },
      subsets: new Map(),
      policy: defaultPolicy,
    }));
    const toEach = ({ name }: Service, authority: string): MeshRoute => ({
      match: { authority, path: { kind: 'prefix', value: '' }, headers: [] },
      to: [{ service: name, weight: 1 }],
    });
    const config: MeshConfig = {
      services: new Map(services.map((one) => [one.name, one])),
      routes: services.flatMap((one) => [toEach(one, one.name), toEach(one, one.name.replace('8080', '0'))]),
      listeners: [],
    };
    const proxy = nodeInfo(message(Node, { id: 'p', userAgentName: proxyUserAgent }), true);
    const served = routingResources(config).find(
      ({ type, name }) => type === 'route' && name === socketRouteName(defaultListenerName),
    )!;
    const resource = isNodeResource(served) ? served.forNode(proxy)! : served;
    const domains = read(resource.encoded).flatMap((host) => host.domains);
    expect(domains).toContain('srv-2999.shop.svc.cluster.local:8080');
    expect(domains).toContain('srv-2999.shop');
  });
});
