import { describe, expect, it } from 'vitest';
import { aliasKey, concernedKeys, consumerStandIn, standInsFor } from './listener-alias.ts';
import { anonymousNode } from './node.ts';

const standIns = (name: string, namespace = '') =>
  standInsFor(name, { ...anonymousNode, namespace }, 'cluster.local').filter((each) => !each.startsWith('*'));

describe('the listener of a Service of the cluster', () => {
  it.each([
    ['shop.eu:8080', 'shop.eu:8080'],
    ['shop.eu.svc:8080', 'shop.eu:8080'],
    ['Shop.EU.svc.cluster.local.:8080', 'shop.eu:8080'],
    ['shop.eu', 'shop.eu:0'],
    ['shop.eu.svc.cluster.local', 'shop.eu:0'],
  ])('is found by %s', (name, listener) => {
    expect(standIns(name)).toContain(listener);
    const key = aliasKey(name);
    expect(concernedKeys(listener, [])).toContain(key);
    expect(concernedKeys(`us/${listener}`, [])).toContain(key);
  });

  it('is found without its namespace by clients in it, and only by clients that say theirs', () => {
    expect(standIns('shop:8080', 'eu')).toEqual(['shop:8080', 'shop', 'shop.eu:8080']);
    expect(standIns('shop', 'eu')).toContain('shop.eu:0');
    expect(standIns('shop:8080')).toEqual(['shop:8080', 'shop']);
    expect(concernedKeys('shop.eu:8080', [])).toContain(aliasKey('shop:8080'));
  });

  it('is first that for the clients of their own namespace', () => {
    const consumer = (name: string, namespace: string) =>
      consumerStandIn(name, { namespace }, 'cluster.local');
    expect(consumer('Shop.eu.svc.cluster.local:8080', 'us')).toBe('us/shop.eu:8080');
    expect(consumer('shop', 'eu')).toBe('eu/shop.eu:0');
    expect(consumer('shop.eu:8080', '')).toBeUndefined();
    expect(consumer('shop.example.org', 'us')).toBeUndefined();
  });

  it.each(['shop.eu.svc.example.org', 'shop.eu.pod.cluster.local', 'a.b.c', '[::1]:80', '10.0.0.1:80'])(
    'is not %s, though it may look so',
    (name) => {
      const inCluster = standIns(name, 'eu').filter((each) => each.includes(':') && !each.startsWith('['));
      expect(inCluster.filter((each) => each.split('.').length === 2)).toEqual([]);
    },
  );
});
