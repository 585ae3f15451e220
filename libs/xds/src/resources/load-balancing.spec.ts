import { loadBalancings } from '@evenly/mesh-config';
import { Cluster_LbPolicy } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { describe, expect, it } from 'vitest';
import { loadBalancingOf, lbPolicyFor, policyDifferences } from './load-balancing.ts';

describe('policies in xDS', () => {
  it('of other servers are those of the same name', () => {
    const { ROUND_ROBIN, LEAST_REQUEST, RANDOM, RING_HASH, MAGLEV } = Cluster_LbPolicy;
    const read = [ROUND_ROBIN, LEAST_REQUEST, RANDOM, RING_HASH, MAGLEV].map(loadBalancingOf);
    expect(read).toEqual(['round-robin', 'least-request', 'random', 'ring-hash', undefined]);
  });

  it('that a gRPC client refuses never come to it, nor to one that is not known', () => {
    const taken = {
      grpc: ['ROUND_ROBIN', 'RING_HASH'],
      'grpc-js': ['ROUND_ROBIN', 'RING_HASH'],
      'grpc-core': ['ROUND_ROBIN', 'RING_HASH'],
      'grpc-go': ['ROUND_ROBIN', 'RING_HASH', 'LEAST_REQUEST'],
      'grpc-java': ['ROUND_ROBIN', 'RING_HASH', 'LEAST_REQUEST'],
    };
    const nameOf = (value: number) =>
      Object.entries(Cluster_LbPolicy).find(([, number]) => number === value)![0];
    for (const [kind, names] of Object.entries(taken))
      for (const policy of loadBalancings)
        expect(names).toContain(nameOf(lbPolicyFor(kind as keyof typeof taken, policy)));
  });

  it('that are not what a client does are said', () => {
    expect(policyDifferences.map(({ loadBalancing }) => loadBalancing)).toEqual([
      ...['least-request', 'peak-ewma', 'random'],
    ]);
  });
});
