import { endpointSet, type Endpoint } from '@evenly/endpoints';
import { describe, expect, it } from 'vitest';
import { anonymousNode, type NodeInfo } from '../node.ts';
import { isNodeResource, type Resource } from '../resource.ts';
import { codecs } from '../resource-type.ts';
import { home } from '../testing/mesh.ts';
import { endpointAssignment, unknownAssignment, type EndpointsOptions } from './endpoints.ts';

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
  regions: EndpointsOptions['regions'] = { all: [] },
) {
  const options = {
    ...{ name: 'c', locality: home, regions },
    policy: { zonePreference: 'none' as const, ...policy },
  };
  const item = endpointAssignment(options, endpointSet(endpoints));
  const own = isNodeResource(item) ? item.forNode({ ...anonymousNode, ...node })! : item;
  return codecs.endpoints.decode(own.encoded).endpoints.map((group) => {
    const ports = group.lbEndpoints.map(({ hostIdentifier, loadBalancingWeight }) => {
      const address =
        hostIdentifier?.$case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
      const port = address?.$case === 'socketAddress' ? address.value.portSpecifier?.value : undefined;
      return `${port}${loadBalancingWeight === undefined ? '' : `*${loadBalancingWeight}`}`;
    });
    const { region, zone } = group.locality!;
    const place = region === home.region ? zone : `${region}/${zone}`;
    return `${group.priority} ${place} ${group.loadBalancingWeight}: ${ports.join(' ')}`;
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
    expect(assigned(states, {}, { kind: 'envoy' })).toEqual(['0 us-central1-a 1000: 1 2*3']);
  });

  it('of several regions has those of the own one first, for a client that says it or is with the server', () => {
    const pods = [pod(1, { region: 'eu', zone: 'a' }), pod(2, { region: 'us', zone: 'a' })];
    const regions = { own: 'us', all: ['eu', 'us'] };
    const places = (node: Partial<NodeInfo>) => assigned(pods, {}, node, regions);
    expect(places({ region: 'eu' })).toEqual(['0 eu/a 1: 1', '1 us/a 1: 2']);
    expect(places({ region: 'cloud-1' })).toEqual(['0 us/a 1: 2', '1 eu/a 1: 1']);
    expect(places({ kind: 'envoy' })).toEqual(places({ region: 'us' }));
  });

  it('has those that serve while they end where nobody is ready: the last ones serve to the last', () => {
    const ending = pod(4, { state: 'serving-terminating' });
    expect(assigned([pod(3, { state: 'not-ready' }), ending])).toEqual(['0 us-central1-a 1000: 4']);
  });

  it('gives gRPC clients a locality for each weight, for their round robin heeds no other weights', () => {
    const pods = [pod(1), pod(2, { weight: 9 }), pod(3, { weight: 9 }), pod(4, { zone: 'b', weight: 2 })];
    const two = ['0 us-central1-a 1: 1', '0 us-central1-a 18: 2*9 3*9'];
    expect(assigned(pods.slice(0, 3))).toEqual(two);
    expect(assigned(pods)).toEqual(['0 b 2: 4*2', ...two]);
    expect(assigned(pods.slice(0, 3), { loadBalancing: 'ring-hash' })).toEqual([
      '0 us-central1-a 1000: 1 2*9 3*9',
    ]);
  });

  it('gives Envoys that choose at random the same, for they pass over weights then; our own proxy does not', () => {
    const pods = [pod(1), pod(2, { weight: 9 })];
    const random = { loadBalancing: 'random' } as const;
    const perWeight = ['0 us-central1-a 1: 1', '0 us-central1-a 9: 2*9'];
    expect(assigned(pods, random, { kind: 'envoy' })).toEqual(perWeight);
    expect(assigned(pods, random, { kind: 'grpc-go' })).toEqual(perWeight);
    expect(assigned(pods, random, { kind: 'proxy' })).toEqual(['0 us-central1-a 1000: 1 2*9']);
  });

  it('of a source that has said nothing, tells all but those who may know endpoints from elsewhere', () => {
    const item = unknownAssignment('c', true);
    if (!isNodeResource(item)) throw new Error('expected one variant a node');
    expect(item.forNode(anonymousNode)).toBe(item.forNode({ ...anonymousNode, kind: 'grpc-js' }));
    expect(item.forNode({ ...anonymousNode, comesBack: true })).toBeUndefined();
    expect(isNodeResource(unknownAssignment('c', false))).toBe(false);
  });

  it('carries IPv6 addresses and host names', () => {
    const set = endpointSet([{ address: 'fd00::1', port: 1, state: 'ready', hostname: 'pod-1' }]);
    const item = endpointAssignment({ name: 'c', locality: home, policy: { zonePreference: 'none' } }, set);
    if (isNodeResource(item)) throw new Error('expected one variant for all nodes');
    const hosts = codecs.endpoints.decode(item.encoded).endpoints.flatMap(({ lbEndpoints }) => lbEndpoints);
    expect(hosts.map(({ hostIdentifier }) => hostIdentifier)).toMatchObject([
      {
        $case: 'endpoint',
        value: {
          address: { address: { $case: 'socketAddress', value: { address: 'fd00::1' } } },
          hostname: 'pod-1',
        },
      },
    ]);
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

  it('failover: endpoints say their own region, and zones of one name in two regions are two localities', () => {
    const regions = [pod(1, { region: 'us-central1', zone: 'a' }), pod(2, { region: 'eu', zone: 'a' })];
    expect(assigned(regions, { zonePreference: 'failover' }, { zone: 'x', region: 'eu' })).toEqual([
      '0 eu/a 1: 2',
      '1 a 1: 1',
    ]);
    expect(assigned(regions)).toEqual(['0 eu/a 1: 2', '0 a 1: 1']);
  });

  it('keeps the sum of the weights of a priority within 32 bits, and their relation', () => {
    const heavy = [
      pod(1, { zone: 'a', weight: 4_000_000_000 }),
      pod(2, { zone: 'b', weight: 4_000_000_000 }),
      pod(3, { zone: 'c' }),
    ];
    const weights = assigned(heavy, { zonePreference: 'weighted' }, { zone: 'a' }).map((text) =>
      Number(/(\d+):/.exec(text)![1]),
    );
    expect(weights[0]! + weights[1]! + weights[2]!).toBeLessThan(2 ** 32);
    expect(Math.round(weights[0]! / weights[1]!)).toBe(1000);
    expect(weights[2]).toBe(1);
  });

  it('subsetting: gives a node so many, the same every time, and its own zone first where that is preferred', () => {
    const policy = { zonePreference: 'weighted' as const, subsetting: { size: 2 } };
    const node = { id: 'n', zone: 'a' };
    expect(assigned(zones, policy, node)).toEqual(['0 a 1000: 1 2']);
    const counts = Array.from({ length: 50 }, (_, id) => {
      const [, ports] = assigned(
        zones.slice(2),
        { ...policy, subsetting: { size: 1 } },
        { id: `${id}` },
      )[0]!.split(': ');
      return ports!;
    });
    expect([...new Set(counts)].sort()).toEqual(['3', '4']);
  });

  it('has Envoy stay in a priority while one of its endpoints can serve, as gRPC clients do', () => {
    const factor = (endpoints: Endpoint[]) => {
      const options = { name: 'c', locality: home, policy: { zonePreference: 'none' as const } };
      const { encoded } = endpointAssignment(options, endpointSet(endpoints)) as Resource;
      return codecs.endpoints.decode(encoded).policy?.overprovisioningFactor;
    };
    const pods = (count: number, priority: number) =>
      Array.from({ length: count }, (_, index) => pod(1 + index + 10_000 * priority, { priority }));
    expect(factor(pods(3, 0))).toBeUndefined();
    expect(factor([...pods(3, 0), ...pods(2, 1)])).toBe(500);
    // Envoy multiplies it by the number of those that are healthy.
    expect(factor([...pods(9000, 0), ...pods(1000, 1)])! * 10_000).toBeLessThan(2 ** 32);
  });

  it('hints for nodes are for clients whose metadata says that they run there', () => {
    const hinted = [pod(1, { forNodes: ['n1'] }), pod(2, { forNodes: ['n2'] })];
    const policy = { zonePreference: 'hints' as const };
    expect(assigned(hinted, policy, { machine: 'n2' })).toEqual(['0 us-central1-a 1000: 2']);
    expect(assigned(hinted, policy)).toEqual(['0 us-central1-a 1000: 1 2']);
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

describe('clients that share a node id', () => {
  const many = Array.from({ length: 100 }, (_, index) => pod(index + 1));
  const subsetAt = (peer: string) => assigned(many, { subsetting: { size: 5 } }, { id: 'frontend', peer });

  it('get the subset of their address: the same at one, another at another', () => {
    const subsets = Array.from({ length: 20 }, (_, index) => subsetAt(`10.0.0.${index}`).join());
    // A hash decides, so this is no matter of luck: it is as it is.
    expect(new Set(subsets).size).toBe(20);
    expect(subsetAt('10.0.0.1')).toEqual(subsetAt('10.0.0.1'));
  });
});
