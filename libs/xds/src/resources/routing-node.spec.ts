import type { Route } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { anonymousNode, type NodeKind } from '../node.ts';
import { ResourceCache } from '../resource-cache.ts';
import { mesh, meshRoute, meshService } from '../testing/mesh.ts';
import { serveRouting } from '../testing/served-routing.ts';
import { routingResources } from './routing.ts';

const one = mesh([meshService('be1-srv')]);

/** It holds what it is sent against what it had, and passes over what does not differ in the fields of that. */
describe('for grpc-js-xds', () => {
  const without = mesh([]);

  it('outlier detection is always there, off with every number written out where the service has none', () => {
    expect(serveRouting(one, 'grpc-js').get('cluster', 'be1-srv-cluster')?.outlierDetection).toMatchObject({
      interval: { seconds: 10n },
      baseEjectionTime: { seconds: 30n },
      maxEjectionTime: { seconds: 300n, nanos: 0 },
      maxEjectionPercent: 10,
      enforcingSuccessRate: 0, // absent, it would be on
      enforcingFailurePercentage: 0,
    });
    expect(serveRouting(one, 'grpc-go').get('cluster', 'be1-srv-cluster')?.outlierDetection).toBeUndefined();
  });

  it('routes that only add a fault differ in a field that the old ones have', () => {
    const fault = { abort: { code: 'UNAVAILABLE' as const, percent: 100 } };
    const name = (routes: Route[], kind: NodeKind) =>
      serveRouting({ ...one, routes }, kind).get('route', 'be1-srv-route')!.virtualHosts[0]!.name;
    const plain = [meshRoute('be1-srv', 'be1-srv')];
    const faulty = [meshRoute('be1-srv', 'be1-srv', { fault })];
    expect(name(faulty, 'grpc-js')).not.toBe(name(plain, 'grpc-js'));
    expect(name(faulty, 'grpc-go')).toBe(name(plain, 'grpc-go'));
  });

  it('what was taken out and comes back differs from what it was, each time', () => {
    const cache = new ResourceCache();
    const versions = (kind: NodeKind) => {
      const { cache: now } = serveRouting(one, kind, cache);
      const node = { ...anonymousNode, kind };
      return [
        now.get('listener', 'be1-srv', node)!.version,
        now.get('cluster', 'be1-srv-cluster', node)!.version,
      ];
    };
    const seen = [versions('grpc-js'), versions('grpc-js')];
    expect(seen[1]).toEqual(seen[0]); // unchanged for as long as it stays
    const others = versions('grpc-go');
    for (let round = 0; round < 2; round++) {
      cache.replace('routing', routingResources(without));
      seen.push(versions('grpc-js'));
    }
    expect(new Set(seen.flat()).size).toBe(6);
    expect(versions('grpc-go')).toEqual(others);
  });

  it('one that comes from another server gets what none has sent before', () => {
    const versionFor = (firstMark: number, comesBack: boolean) => {
      const { cache } = serveRouting(one, 'grpc-js', new ResourceCache(firstMark));
      return cache.get('cluster', 'be1-srv-cluster', { ...anonymousNode, kind: 'grpc-js', comesBack })!
        .version;
    };
    const all = [versionFor(1000, false), versionFor(1000, true), versionFor(2000, true)];
    expect(new Set(all).size).toBe(3);
    expect(versionFor(2000, false)).toBe(all[0]);
  });
});
