import { endpointSet, type Endpoint } from '@evenly/endpoints';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anonymousNode, type NodeInfo } from '../node.ts';
import { isNodeResource } from '../resource.ts';
import { codecs } from '../resource-type.ts';
import { home } from '../testing/mesh.ts';
import { endpointAssignment, type EndpointsOptions } from './endpoints.ts';
import { subsetFor } from './subset.ts';

const pod = (port: number, more: Partial<Endpoint> = {}): Endpoint => ({
  address: '10.0.0.1',
  port,
  state: 'ready',
  ...more,
});

/** What a client gets: for each locality `priority zone weight: ports`. */
function assigned(
  endpoints: Endpoint[],
  policy: Partial<EndpointsOptions['policy']> = {},
  node: Partial<NodeInfo> = {},
) {
  const options = { name: 'c', locality: home, policy: { zonePreference: 'none' as const, ...policy } };
  const item = endpointAssignment(options, endpointSet(endpoints));
  const own = isNodeResource(item) ? item.forNode({ ...anonymousNode, ...node })! : item;
  return codecs.endpoints.decode(own.encoded).endpoints.map((group) => {
    const ports = group.lbEndpoints.map(({ hostIdentifier, loadBalancingWeight }) => {
      const address =
        hostIdentifier?.$case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
      const port = address?.$case === 'socketAddress' ? address.value.portSpecifier?.value : undefined;
      return `${port}${loadBalancingWeight === undefined ? '' : `*${loadBalancingWeight}`}`;
    });
    return `${group.priority} ${group.locality?.zone} ${group.loadBalancingWeight}: ${ports.join(' ')}`;
  });
}

describe('endpointAssignment', () => {
  it('puts the ready endpoints of one zone into one weighted locality', () => {
    const states: Endpoint[] = [
      pod(1),
      pod(2, { weight: 3 }),
      pod(3, { state: 'not-ready' }),
      pod(4, { state: 'serving-terminating' }),
    ];
    expect(assigned(states)).toEqual(['0 us-central1-a 1000: 1 2*3']);
  });

  it('carries IPv6 addresses and host names', () => {
    const set = endpointSet([{ address: 'fd00::1', port: 1, state: 'ready', hostname: 'pod-1' }]);
    const item = endpointAssignment({ name: 'c', locality: home, policy: { zonePreference: 'none' } }, set);
    const text = isNodeResource(item) ? '' : Buffer.from(item.encoded).toString('latin1');
    expect(text).toContain('fd00::1');
    expect(text).toContain('pod-1');
  });

  it('says of an empty set that there are no endpoints', () => expect(assigned([])).toEqual([]));

  const zones = [pod(1, { zone: 'a' }), pod(2, { zone: 'a' }), pod(3, { zone: 'b' }), pod(4, { zone: 'c' })];

  it('weighs zones by their endpoints, so that each endpoint gets the same', () => {
    expect(assigned(zones)).toEqual(['0 a 2: 1 2', '0 b 1: 3', '0 c 1: 4']);
  });

  it('weighted: an endpoint of the own zone counts 1000 times; a client without a zone sees no preference', () => {
    expect(assigned(zones, { zonePreference: 'weighted' }, { zone: 'b' })).toEqual([
      '0 a 2: 1 2',
      '0 b 1000: 3',
      '0 c 1: 4',
    ]);
    expect(assigned(zones, { zonePreference: 'weighted' })).toEqual(['0 a 2: 1 2', '0 b 1: 3', '0 c 1: 4']);
  });

  it('failover: the own zone first, then the region; priorities have no gap', () => {
    expect(assigned(zones, { zonePreference: 'failover' }, { zone: 'b', region: 'us-central1' })).toEqual([
      '0 b 1: 3',
      '1 a 2: 1 2',
      '1 c 1: 4',
    ]);
    expect(assigned(zones, { zonePreference: 'failover' }, { zone: 'x', region: 'elsewhere' })).toEqual([
      '0 a 2: 1 2',
      '0 b 1: 3',
      '0 c 1: 4',
    ]);
  });

  it("keeps the source's own priorities, such as SRV's", () => {
    expect(assigned([pod(1, { priority: 1 }), pod(2), pod(3, { priority: 7 })])).toEqual([
      '0 us-central1-a 1: 2',
      '1 us-central1-a 1: 1',
      '2 us-central1-a 1: 3',
    ]);
  });

  it('gives clients of one zone the very same resource, and another version when anything changes', () => {
    const options = { name: 'c', locality: home, policy: { zonePreference: 'weighted' as const } };
    const item = endpointAssignment(options, endpointSet(zones));
    const next = endpointAssignment(options, endpointSet(zones.slice(1)));
    if (!isNodeResource(item) || !isNodeResource(next)) throw new Error('expected one variant a node');
    const node = { ...anonymousNode, zone: 'a' };
    expect(item.forNode({ ...node, id: '1' })).toBe(item.forNode({ ...node, id: '2' }));
    expect(next.version).not.toBe(item.version);
  });
});

describe('subsetFor', () => {
  const node = (id: number) => ({ id: `client-${id}`, zone: 'a' });
  const endpoints = (count: number) =>
    Array.from({ length: count }, (_, index) => pod(index + 1, { zone: index % 2 ? 'a' : 'b' }));

  it('takes so many, the own zone first, the same every time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(1000),
        (count, size, id) => {
          const all = endpoints(count);
          const subset = subsetFor(node(id), all, home, size);
          expect(subset).toHaveLength(Math.min(count, size));
          const own = all.filter(({ zone }) => zone === 'a').length;
          expect(subset.filter(({ zone }) => zone === 'a')).toHaveLength(
            Math.min(own, subset.length === count ? own : size),
          );
          expect(new Set(subsetFor(node(id), [...all].reverse(), home, size))).toEqual(new Set(subset));
        },
      ),
    );
  });

  it('when an endpoint goes, changes only the clients that had it, and only by that one', () => {
    const all = endpoints(40);
    const gone = all[7]!;
    const rest = all.filter((endpoint) => endpoint !== gone);
    for (let id = 0; id < 200; id++) {
      const before = new Set(subsetFor(node(id), all, home, 5));
      const kept = subsetFor(node(id), rest, home, 5).filter((endpoint) => before.has(endpoint));
      expect(kept).toHaveLength(before.has(gone) ? 4 : 5);
    }
  });

  it('gives every endpoint a fair number of clients', () => {
    const all = endpoints(20).map((endpoint) => ({ ...endpoint, zone: 'a' }));
    const clients = new Map(all.map(({ port }) => [port, 0]));
    for (let id = 0; id < 2000; id++) {
      for (const { port } of subsetFor(node(id), all, home, 5)) clients.set(port, clients.get(port)! + 1);
    }
    // 2000 × 5 / 20 = 500 on average; chance alone gives a standard deviation of 19.
    for (const count of clients.values()) expect(Math.abs(count - 500)).toBeLessThan(5 * 19);
  });
});
