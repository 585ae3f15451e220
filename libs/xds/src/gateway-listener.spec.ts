import { listenerDefaults, type Listener, type MeshConfig } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { anonymousNode } from './node.ts';
import { ResourceCache } from './resource-cache.ts';
import { routingResources } from './resources/routing.ts';

const listener = (name: string): Listener => ({
  ...listenerDefaults,
  name,
  address: '0.0.0.0',
  port: 80,
  virtualHosts: [],
});

/** The names of all listeners that a proxy gets, by the cluster of its node. */
function listenersOf(names: readonly string[], cluster: string): string[] {
  const config: MeshConfig = { services: new Map(), routes: [], listeners: names.map(listener) };
  const cache = new ResourceCache();
  cache.replace('routing', routingResources(config));
  return cache.all('listener', { ...anonymousNode, kind: 'proxy', cluster }).map(({ name }) => name);
}

describe('listeners of Gateways', () => {
  const names = ['own', 'gateway/shop/front/80', 'gateway/shop/front/443', 'gateway/shop/front-2/80'];

  it('go to the proxies of their Gateway, which get no others', () => {
    expect(listenersOf(names, 'gateway/shop/front')).toEqual([
      'gateway/shop/front/80',
      'gateway/shop/front/443',
    ]);
    expect(listenersOf(names, 'gateway/shop/front-2')).toEqual(['gateway/shop/front-2/80']);
    expect(listenersOf(names, 'gateway/shop/none')).toEqual([]);
    expect(listenersOf(names, 'l7-proxy')).toEqual(['own']);
  });

  it('do not take the place of the listener that proxies have when a config has none', () => {
    expect(listenersOf(['gateway/shop/front/80'], 'l7-proxy')).toEqual(['evenly/default']);
    expect(listenersOf(['gateway/shop/front/80'], 'gateway/shop/front')).toEqual(['gateway/shop/front/80']);
  });
});
