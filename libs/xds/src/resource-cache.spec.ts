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
