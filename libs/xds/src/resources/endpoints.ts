import type { Endpoint, EndpointSet } from '@evenly/endpoints';
import type { Locality, Policy } from '@evenly/mesh-config';
import { SocketAddress } from '@evenly/proto/envoy/config/core/v3/address';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import {
  Endpoint as XdsEndpoint,
  LbEndpoint,
  LocalityLbEndpoints,
} from '@evenly/proto/envoy/config/endpoint/v3/endpoint_components';
import { anonymousNode, type NodeInfo } from '../node.ts';
import { hashOf, resource, type NodeResource, type Resource } from '../resource.ts';
import { localityGroups } from './localities.ts';
import { encode, message } from './message.ts';
import { subsetFor } from './subset.ts';

/** Variants of one assignment that are kept encoded, at most: one for each zone, or for each client with subsetting. */
const maxVariants = 10_000;

export interface EndpointsOptions {
  /** The cluster's name. */
  name: string;
  /** Of endpoints that do not say it themselves. */
  locality: Locality;
  policy: Pick<Policy, 'zonePreference' | 'subsetting'>;
}

/**
 * The endpoints that take new calls, as each client should see them. An empty set makes clients fail at once instead of
 * waiting. One resource for all clients, where the policy treats all alike.
 */
export function endpointAssignment(options: EndpointsOptions, set: EndpointSet): Resource | NodeResource {
  const { name, policy } = options;
  const ready = set.endpoints.filter(({ state }) => state === 'ready');
  const sameForAll = policy.zonePreference === 'none' && policy.subsetting === undefined;
  if (sameForAll) return assignment(options, ready, anonymousNode);

  const variants = new Map<string, Resource>();
  const forNode = (node: NodeInfo) => {
    const key = JSON.stringify([node.region, node.zone, policy.subsetting === undefined ? '' : node.id]);
    let variant = variants.get(key);
    if (variant === undefined) {
      const subset =
        policy.subsetting === undefined
          ? ready
          : subsetFor(node, ready, options.locality, policy.subsetting.size);
      variant = assignment(options, subset, node);
      if (variants.size < maxVariants) variants.set(key, variant);
    }
    return variant;
  };
  return { type: 'endpoints', name, version: hashOf(`${set.version} ${JSON.stringify(options)}`), forNode };
}

function assignment(
  { name, locality, policy }: EndpointsOptions,
  endpoints: readonly Endpoint[],
  node: NodeInfo,
): Resource {
  const groups = localityGroups(endpoints, locality, policy.zonePreference, node);
  const localities = groups.map(({ region, zone, priority, weight, endpoints: members }) =>
    message(LocalityLbEndpoints, {
      locality: { region, zone, subZone: '' },
      lbEndpoints: members.map(lbEndpoint),
      loadBalancingWeight: weight,
      priority,
    }),
  );
  return resource(
    'endpoints',
    name,
    encode(ClusterLoadAssignment, { clusterName: name, endpoints: localities }),
  );
}

function lbEndpoint({ address, port, hostname = '', weight }: Endpoint): LbEndpoint {
  const socketAddress = message(SocketAddress, {
    address,
    portSpecifier: { $case: 'portValue', value: port },
  });
  const endpoint = message(XdsEndpoint, {
    address: { address: { $case: 'socketAddress', value: socketAddress } },
    hostname,
  });
  return message(LbEndpoint, {
    hostIdentifier: { $case: 'endpoint', value: endpoint },
    loadBalancingWeight: weight,
  });
}
