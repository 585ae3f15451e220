import type { MeshConfig, Policy, Route, Service, VirtualHost } from '@evenly/mesh-config';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anonymousNode, nodeKinds } from '../node.ts';
import { isNodeResource, type NodeResource, type Resource } from '../resource.ts';
import { mesh, meshListener, meshRoute, meshService } from '../testing/mesh.ts';
import { RoutingResources, routingResources } from './routing.ts';

/** All that any client could get of a config. */
function servedOf(resources: readonly (Resource | NodeResource)[]) {
  const served = resources.map((item): [string, unknown] => {
    const name = `${item.type} ${item.name}`;
    if (!isNodeResource(item)) return [name, wordsOf(item)];
    const forms = nodeKinds.flatMap((kind) =>
      [0, 7].map((mark) => wordsOf(item.forNode({ ...anonymousNode, kind }, mark))),
    );
    return [name, forms];
  });
  return new Map(served);
}

const wordsOf = (item: Resource | undefined) => item && [item.name, item.version, ...item.refs];

const authority = fc.constantFrom(...['a', 'b', 'b:1', 'b:2', '*.b', '*.b:1', 'shop'], undefined);
const service = fc.constantFrom('one', 'two', 'three', 'unknown');
const share = fc.record({ service, weight: fc.nat(2) });
const route = fc
  .record({ authority, to: fc.array(share, { minLength: 1, maxLength: 2 }), mirror: service, odd: fc.nat(5) })
  .map(({ authority, to, mirror, odd }): Route => ({
    match: {
      ...(authority === undefined ? {} : { authority }),
      path: { kind: 'prefix', value: '' },
      headers: [],
    },
    to: odd === 0 ? [{ refuse: true, weight: 1 }] : to.map((one) => ({ ...one, weight: one.weight + 1 })),
    ...(odd === 1 ? { fault: { abort: { code: 'UNAVAILABLE', percent: 1 } } } : {}),
    ...(odd === 2 ? { mirrors: [{ service: mirror, percent: 1 }] } : {}),
    ...(odd === 3 ? { timeoutMs: 1000 } : {}),
  }));
const policy = fc.constantFrom<Partial<Policy>>(
  {},
  { timeoutMs: 5 },
  { hashHeader: 'x' },
  { retry: { on: ['UNAVAILABLE'], attempts: 2, backoff: { baseMs: 1, maxMs: 2 } } },
);
/** One thing becomes another, and all else stays the same object; a file that is read again is a change of everything. */
const change = fc.oneof(
  fc.record({ what: fc.constant('service' as const), name: service, policy }),
  fc.record({ what: fc.constant('no service' as const), name: service }),
  fc.record({ what: fc.constant('route' as const), at: fc.nat(3), route }),
  fc.record({ what: fc.constant('no route' as const), at: fc.nat(3) }),
  fc.record({ what: fc.constant('host' as const), at: fc.nat(3), routes: fc.array(route, { maxLength: 2 }) }),
  fc.record({ what: fc.constant('no host' as const), at: fc.nat(3) }),
  fc.record({ what: fc.constant('listener' as const), kind: fc.constantFrom('gateway', 'plain', 'none') }),
  fc.record({ what: fc.constant('read again' as const) }),
);

/** A cluster whose objects change one by one. */
class Changing {
  services = new Map<string, Service>();
  routes: Route[] = [];
  hosts = new Map<number, VirtualHost>();
  listener = 'gateway';

  take(given: typeof change extends fc.Arbitrary<infer T> ? T : never): void {
    switch (given.what) {
      case 'service':
        return void this.services.set(given.name, meshService(given.name, given.policy));
      case 'no service':
        return void this.services.delete(given.name);
      case 'route':
        return void (this.routes[Math.min(given.at, this.routes.length)] = given.route);
      case 'no route':
        return void this.routes.splice(given.at, 1);
      case 'host':
        return void this.hosts.set(given.at, {
          domains: [`h${given.at}`, `h${given.at}:*`],
          routes: given.routes,
        });
      case 'no host':
        return void this.hosts.delete(given.at);
      case 'listener':
        return void (this.listener = given.kind);
      case 'read again':
        this.services = structuredClone(this.services);
        this.routes = structuredClone(this.routes);
        this.hosts = structuredClone(this.hosts);
    }
  }

  get config(): MeshConfig {
    const name = this.listener === 'gateway' ? 'gateway/ns/front/80' : 'front';
    const virtualHosts = [...this.hosts.values()];
    const listener = meshListener({ name, address: '0.0.0.0', port: 80, virtualHosts });
    const listeners = this.listener === 'none' ? [] : [listener];
    return mesh([...this.services.values()], { routes: [...this.routes], listeners });
  }
}

describe('RoutingResources', () => {
  it('gives after any changes what it would give without a memory', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
        const remembering = new RoutingResources();
        const changing = new Changing();
        for (const each of changes) {
          changing.take(each);
          const { config } = changing;
          expect(servedOf(remembering.of(config))).toEqual(servedOf(routingResources(config)));
        }
      }),
    );
  });

  it('makes nothing anew of what is the same', () => {
    const hosts = ['a', 'b', 'c'].map((name) => ({ domains: [name], routes: [meshRoute(name, 'one')] }));
    const services = [meshService('one'), meshService('two')];
    const configOf = (virtualHosts: VirtualHost[]) =>
      mesh(services, {
        listeners: [
          meshListener({ name: 'gateway/ns/front/80', address: '0.0.0.0', port: 80, virtualHosts }),
        ],
      });
    const resources = new RoutingResources();
    const before = new Set(resources.of(configOf(hosts)));
    const changed = [...hosts.slice(1), { domains: ['a'], routes: [meshRoute('a', 'two')] }];
    const anew = resources.of(configOf(changed)).filter((one) => !before.has(one));
    const isOfListener = ({ type, name }: Resource | NodeResource) => `${type} ${name}`;
    expect(anew.map(isOfListener)).toEqual(['route listener/gateway/ns/front/80-route']);
  });
});
