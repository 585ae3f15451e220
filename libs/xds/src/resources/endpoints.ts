import { anyViewer, eligibleEndpoints, type EligibleEndpoint, type Viewer } from '@evenly/balancing';
import type { EndpointSet } from '@evenly/endpoints';
import type { Locality, Policy } from '@evenly/mesh-config';
import { SocketAddress } from '@evenly/proto/envoy/config/core/v3/address';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import {
  Endpoint as XdsEndpoint,
  LbEndpoint,
  LocalityLbEndpoints,
} from '@evenly/proto/envoy/config/endpoint/v3/endpoint_components';
import type { NodeInfo } from '../node.ts';
import { hashOf, resource, type NodeResource, type Resource } from '../resource.ts';
import { localityGroups } from './localities.ts';
import { encode, message } from './message.ts';

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
  const sameForAll = policy.zonePreference === 'none' && policy.subsetting === undefined;
  if (sameForAll) return assignment(options, set, anyViewer);

  const variants = new Map<string, Resource>();
  const forNode = (node: NodeInfo) => {
    const id = policy.subsetting === undefined ? '' : clientIdOf(node);
    const viewer = { id, region: node.region, zone: node.zone };
    const key = JSON.stringify(viewer);
    let variant = variants.get(key);
    if (variant === undefined) {
      variant = assignment(options, set, viewer);
      if (variants.size < maxVariants) variants.set(key, variant);
    }
    return variant;
  };
  return { type: 'endpoints', name, version: hashOf(`${set.version} ${JSON.stringify(options)}`), forNode };
}

/**
 * Who gets a subset. Bootstraps that are copied give many clients one id, and all of them would get the same few
 * endpoints: those at different addresses get different ones.
 */
const clientIdOf = ({ id, peer }: NodeInfo): string => `${id}\0${peer}`;

function assignment(
  { name, locality, policy }: EndpointsOptions,
  set: EndpointSet,
  viewer: Viewer,
): Resource {
  const groups = localityGroups(eligibleEndpoints(set.endpoints, policy, viewer, locality));
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

function lbEndpoint({ endpoint: { address, port, hostname = '', weight } }: EligibleEndpoint): LbEndpoint {
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
    // What the place is worth is the locality's weight. None may be 0: then all of them are, and are alike.
    loadBalancingWeight: weight === 0 ? undefined : weight,
  });
}
