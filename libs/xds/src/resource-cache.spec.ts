import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { describe, expect, it } from 'vitest';
import { anonymousNode } from './node.ts';
import { resource } from './resource.ts';
import { ResourceCache } from './resource-cache.ts';

const a1 = resource('cluster', 'a', Buffer.from('1'));
const a2 = resource('cluster', 'a', Buffer.from('2'));
const r1 = resource('route', 'r', Buffer.from('1'));

describe('ResourceCache', () => {
  it('tells what changed once for each replacement, and only of changed content', () => {
    const cache = new ResourceCache();
    const told: string[] = [];
    const stop = cache.onChange((changed) =>
      told.push(
        [...changed]
          .map(([type, names]) => `${type} ${[...names].join()}`)
          .sort()
          .join('; '),
      ),
    );
    cache.replace('x', [a1, r1]);
    cache.replace('x', [resource('cluster', 'a', Buffer.from('1')), r1]);
    cache.replace('x', [a2, r1]);
    cache.replace('x', [a2]);
    cache.replace('x', []);
    stop();
    cache.replace('x', [a1]);
    expect(told).toEqual(['cluster a; route r', 'cluster a', 'route r', 'cluster a']);
  });

  it("refuses a name that is another owner's, and changes nothing then", () => {
    const cache = new ResourceCache();
    cache.replace('x', [a1]);
    expect(() => cache.replace('y', [r1, a2])).toThrow('cluster "a" of y is also of x');
    expect(cache.get('cluster', 'a', anonymousNode)).toBe(a1);
    expect(cache.get('route', 'r', anonymousNode)).toBeUndefined();
  });

  it('gives each node its own variant, or none', () => {
    const cache = new ResourceCache();
    cache.replace('x', [
      {
        type: 'cluster',
        name: 'a',
        version: '1',
        forNode: ({ zone }) => (zone === 'z1' ? a1 : zone === 'z2' ? a2 : undefined),
      },
    ]);
    const versions = ['z1', 'z2', 'z3'].map(
      (zone) => cache.get('cluster', 'a', { ...anonymousNode, zone })?.version,
    );
    expect(versions).toEqual([a1.version, a2.version, undefined]);
    expect(cache.all('cluster', anonymousNode)).toEqual([]);
  });
});

describe('listeners for gRPC clients, by what stands in their target', () => {
  const listener = (name: string) =>
    resource('listener', name, Listener.encode({ ...Listener.decode(new Uint8Array(0)), name }).finish(), [
      `${name}-route`,
    ]);
  const served = (...names: string[]) => {
    const cache = new ResourceCache();
    cache.replace('routing', names.map(listener));
    return cache;
  };
  const routesFor = (cache: ResourceCache, name: string) =>
    cache.get('listener', name, anonymousNode)?.refs[0];

  it.each([
    ['shop:8080', 'shop-route'],
    ['Shop', 'shop-route'],
    ['shop.', 'shop-route'],
    ['SHOP:9000', 'shop:9000-route'],
    ['elsewhere', undefined],
    ['grpc/server?xds.resource.listening_address=0.0.0.0:50051', undefined],
  ])('%s', (name, route) => {
    const cache = served('shop', 'shop:9000');
    expect(routesFor(cache, name)).toBe(route);
    const found = cache.get('listener', name, anonymousNode);
    if (found !== undefined) expect(Listener.decode(found.encoded).name).toBe(name);
    expect(cache.get('listener', name, anonymousNode)).toBe(found); // encoded once for all who ask for it
    expect(cache.get('listener', name, { ...anonymousNode, kind: 'envoy' })).toBeUndefined();
  });

  it('what no route names has the listener for any, which is not among all of them', () => {
    const cache = served('shop', '*');
    expect(routesFor(cache, 'elsewhere:1')).toBe('*-route');
    expect(routesFor(cache, 'shop:1')).toBe('shop-route');
    expect(routesFor(cache, 'not an authority')).toBeUndefined();
    expect(cache.all('listener', anonymousNode).map(({ name }) => name)).toEqual(['shop']);
  });
});
