import type { LoadBalancing } from '@evenly/mesh-config';
import { Cluster_LbPolicy } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import type { Client } from '../client-support/clients.ts';
import { all, approximated, type Difference } from '../client-support/difference.ts';
import { isGrpc, type NodeKind } from '../node.ts';

/** Another lb_policy than the policy's own, and what it comes to. */
interface Instead {
  lbPolicy: Cluster_LbPolicy;
  difference: Difference;
}

/** What xDS makes of a policy of the mesh config. */
interface InXds {
  lbPolicy: Cluster_LbPolicy;
  /** Clients that would refuse it, or do something else with it. Our own proxy is told the policy's name beside it. */
  instead?: Readonly<Partial<Record<Client, Instead>>>;
  /** Who passes over the weights of endpoints, and heeds those of localities. Default: gRPC clients. */
  passesOverWeights?: (kind: NodeKind) => boolean;
}

const roundRobin = (instead: string): Instead => ({
  lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
  difference: approximated(instead),
});
const leastRequest: Instead = {
  lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
  difference: approximated('least request'),
};

/** Of two with the same lb_policy, the first is what it stands for. */
const inXds: Readonly<Record<LoadBalancing, InXds>> = {
  'round-robin': { lbPolicy: Cluster_LbPolicy.ROUND_ROBIN },
  'weighted-round-robin': { lbPolicy: Cluster_LbPolicy.ROUND_ROBIN },
  'least-request': {
    lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
    instead: {
      ...all(
        ['grpc-js', 'grpc-core'],
        roundRobin('round robin: with least request this client refuses the whole cluster'),
      ),
      'grpc-go': roundRobin('round robin: with least request this client passes over the weights of zones'),
    },
  },
  'peak-ewma': {
    lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
    instead: {
      ...all(['grpc-js', 'grpc-go', 'grpc-core'], roundRobin('round robin')),
      ...all(['grpc-java', 'envoy'], leastRequest), // Envoy's standard build has no peak EWMA
    },
  },
  random: {
    lbPolicy: Cluster_LbPolicy.RANDOM,
    instead: {
      ...all(
        ['grpc-js', 'grpc-go', 'grpc-core', 'grpc-java'],
        roundRobin('round robin: with random this client refuses the whole cluster'),
      ),
      envoy: {
        lbPolicy: Cluster_LbPolicy.RANDOM,
        difference: approximated('with `zonePreference: failover`, weights of endpoints do not count'),
      },
    },
    passesOverWeights: (kind) => kind !== 'proxy',
  },
  'ring-hash': { lbPolicy: Cluster_LbPolicy.RING_HASH, passesOverWeights: () => false },
};

const names = Object.keys(inXds) as LoadBalancing[];

/** A gRPC client that we do not know gets what all of them take. */
export function lbPolicyFor(kind: NodeKind, loadBalancing: LoadBalancing): Cluster_LbPolicy {
  const { lbPolicy, instead = {} } = inXds[loadBalancing];
  if (kind === 'grpc') return (instead['grpc-js'] ?? { lbPolicy }).lbPolicy;
  return (instead[kind === 'envoy-separate' ? 'envoy' : kind] ?? { lbPolicy }).lbPolicy;
}

/** @returns undefined for one that we have no policy for */
export function loadBalancingOf(lbPolicy: Cluster_LbPolicy): LoadBalancing | undefined {
  return names.find((name) => inXds[name].lbPolicy === lbPolicy);
}

export function passesOverWeights(kind: NodeKind, loadBalancing: LoadBalancing): boolean {
  return (inXds[loadBalancing].passesOverWeights ?? isGrpc)(kind);
}

/** The policies that some client does not have. */
export const policyDifferences: readonly {
  loadBalancing: LoadBalancing;
  clients: Readonly<Partial<Record<Client, Difference>>>;
}[] = names.flatMap((loadBalancing) => {
  const { instead } = inXds[loadBalancing];
  if (instead === undefined) return [];
  const differences = Object.entries(instead).map(([client, { difference }]) => [client, difference]);
  return [{ loadBalancing, clients: Object.fromEntries(differences) as object }];
});
