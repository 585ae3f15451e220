import { anyViewer, eligibleEndpoints, type EligibleEndpoint, type Viewer } from '@evenly/balancing';
import type { EndpointSet } from '@evenly/endpoints';
import {
  defaultPolicy,
  hasSeveralRegions,
  regionOfCaller,
  type Locality,
  type Policy,
  type Regions,
} from '@evenly/mesh-config';
import type { Address, SocketAddress } from '@evenly/proto/envoy/config/core/v3/address';
import {
  ClusterLoadAssignment,
  ClusterLoadAssignment_Policy,
} from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import {
  LocalityLbEndpoints,
  type Endpoint as XdsEndpoint,
  type Endpoint_AdditionalAddress,
  type LbEndpoint,
} from '@evenly/proto/envoy/config/endpoint/v3/endpoint_components';
import { nodeKinds, type NodeInfo, type NodeKind } from '../node.ts';
import { hashOf, resource, type NodeResource, type Resource } from '../resource.ts';
import { passesOverWeights } from './load-balancing.ts';
import { localityGroups, type LocalityGroup } from './localities.ts';
import { encode, message } from './message.ts';

const nowhere: Regions = { all: [] };

/** Variants of one assignment that are kept encoded, at most: one for each zone, or for each client with subsetting. */
const maxVariants = 10_000;

export interface EndpointsOptions {
  /** The cluster's name. */
  name: string;
  /** Of endpoints that do not say it themselves. */
  locality: Locality;
  /** Of the clusters that they come from. */
  regions?: Regions;
  policy: Pick<Policy, 'zonePreference' | 'subsetting'> & Partial<Pick<Policy, 'loadBalancing'>>;
}

/**
 * The endpoints that take new calls, as each client should see them. An empty set makes clients fail at once instead of
 * waiting. One resource for all clients, where the policy treats all alike.
 */
export function endpointAssignment(options: EndpointsOptions, set: EndpointSet): Resource | NodeResource {
  const { name, policy, regions = nowhere } = options;
  const { loadBalancing = defaultPolicy.loadBalancing } = policy;
  const wantsLocalities = (kind: NodeKind) => passesOverWeights(kind, loadBalancing);
  const byLocality = haveWeights(set) && nodeKinds.some(wantsLocalities);
  const seesPlaces = policy.zonePreference !== 'none' || hasSeveralRegions(regions);
  const sameForAll = !seesPlaces && policy.subsetting === undefined && !byLocality;
  if (sameForAll) return assignment(options, set, anyViewer, false);

  // A variant for each machine only where it makes one.
  const byMachine = policy.zonePreference === 'hints' && set.endpoints.some(({ forNodes }) => forNodes);
  const variants = new Map<string, Resource>();
  const forNode = (node: NodeInfo) => {
    const id = policy.subsetting === undefined ? '' : clientIdOf(node);
    const region = regionOfCaller(regions, node.region);
    const viewer = { id, region, zone: node.zone, node: byMachine ? node.machine : '' };
    const perWeight = byLocality && wantsLocalities(node.kind);
    const key = JSON.stringify([viewer, perWeight]);
    let variant = variants.get(key);
    if (variant === undefined) {
      variant = assignment(options, set, viewer, perWeight);
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

const haveWeights = ({ endpoints }: EndpointSet) =>
  endpoints.some(({ weight = 1 }) => weight !== (endpoints[0]!.weight ?? 1));

/**
 * No endpoints, for a cluster whose source has said nothing yet. grpc-js-xds (1.14) takes up nothing at all while one of
 * its clusters has no assignment: neither new routes, nor the endpoints of others.
 * @param mayBeKnown whether who comes from another server may have endpoints from there: then they keep them
 */
export function unknownAssignment(name: string, mayBeKnown: boolean): Resource | NodeResource {
  const nobody = resource('endpoints', name, encode(ClusterLoadAssignment, { clusterName: name }));
  if (!mayBeKnown) return nobody;
  const version = hashOf(`unknown ${name}`);
  return { type: 'endpoints', name, version, forNode: ({ comesBack }) => (comesBack ? undefined : nobody) };
}

function assignment(
  { name, locality, policy, regions = nowhere }: EndpointsOptions,
  set: EndpointSet,
  viewer: Viewer,
  perWeight: boolean,
): Resource {
  const preference = { ...policy, ownRegionFirst: hasSeveralRegions(regions) };
  const groups = localityGroups(eligibleEndpoints(set.endpoints, preference, viewer, locality), perWeight);
  const localities = groups.map(({ region, zone, subZone, priority, weight, endpoints: members }) =>
    message(LocalityLbEndpoints, {
      locality: { region, zone, subZone },
      lbEndpoints: members.map(lbEndpoint),
      loadBalancingWeight: weight,
      priority,
    }),
  );
  return resource(
    'endpoints',
    name,
    encode(ClusterLoadAssignment, { clusterName: name, endpoints: localities, policy: failOver(groups) }),
  );
}

/**
 * gRPC clients leave a priority only when none of its endpoints can serve (gRFC A56). Envoy would send a part of the calls
 * to the next as soon as 28 % of it are unhealthy, unless a single healthy one is said to be worth all of them.
 */
function failOver(groups: readonly LocalityGroup[]): ClusterLoadAssignment_Policy | undefined {
  if ((groups.at(-1)?.priority ?? 0) === 0) return undefined;
  const count = groups.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  // In percent; Envoy multiplies it by the number of healthy endpoints, in 32 bits.
  const overprovisioningFactor = Math.min(100 * count, Math.floor(0xffff_ffff / count));
  return message(ClusterLoadAssignment_Policy, { overprovisioningFactor });
}

/** Every field by name: of these there are thousands, and objects that are spread together take V8 ten times as long. */
function lbEndpoint({ endpoint: one }: EligibleEndpoint): LbEndpoint {
  const { address, port, additionalAddresses, hostname = '', weight } = one;
  const endpoint: XdsEndpoint = {
    address: socketAddress(address, port),
    healthCheckConfig: undefined,
    hostname,
    additionalAddresses:
      additionalAddresses === undefined
        ? none
        : additionalAddresses.map((additional) => ({ address: socketAddress(additional, port) })),
  };
  return {
    hostIdentifier: { $case: 'endpoint', value: endpoint },
    healthStatus: 0,
    metadata: undefined,
    // What the place is worth is the locality's weight. None may be 0: then all of them are, and are alike.
    loadBalancingWeight: weight === 0 ? undefined : weight,
  };
}

const none: Endpoint_AdditionalAddress[] = [];

function socketAddress(address: string, port: number): Address {
  const value: SocketAddress = {
    protocol: 0,
    address,
    portSpecifier: { $case: 'portValue', value: port },
    resolverName: '',
    ipv4Compat: false,
    networkNamespaceFilepath: '',
  };
  return { address: { $case: 'socketAddress', value } };
}
