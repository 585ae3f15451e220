import { isIP } from 'node:net';
import { endpointSet, type Endpoint, type EndpointSet } from '@evenly/endpoints';
import type { Address } from '@evenly/proto/envoy/config/core/v3/address';
import type { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import type {
  LbEndpoint,
  LocalityLbEndpoints,
} from '@evenly/proto/envoy/config/endpoint/v3/endpoint_components';
import { clientLimits, maxUint32 } from '../limits.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';

/** UNKNOWN and HEALTHY (gRFC A27); the others get no calls. */
const callable: readonly number[] = [0, 1];

/**
 * The share of a locality becomes part of the weight of its endpoints: what the balancer knows is endpoints, with a
 * priority each.
 * @throws Refusal
 */
export function parseEndpoints(
  { endpoints: localities, policy }: ClusterLoadAssignment,
  warn: Warn,
): EndpointSet {
  if ((policy?.dropOverloads.length ?? 0) > 0) warn('drop_overloads is unsupported');
  const weighted = localities.some(({ loadBalancingWeight = 0 }) => loadBalancingWeight > 0);
  const count = localities.reduce((sum, { lbEndpoints }) => sum + lbEndpoints.length, 0);
  refuseIf(
    count > clientLimits.endpoints,
    `has ${count} endpoints; at most ${clientLimits.endpoints} are used`,
  );
  // As gRPC has it (gRFC A27): where localities have weights, one without gets no calls.
  const used = localities.filter(({ loadBalancingWeight = 0 }) => !weighted || loadBalancingWeight > 0);
  const priorities = new Set(used.map(({ priority }) => priority));
  refuseIf(
    [...priorities].some((priority) => priority >= priorities.size),
    'priorities must be 0, 1, 2 … without a gap',
  );
  for (const priority of priorities) {
    const sum = sumOf(used.filter((one) => one.priority === priority));
    refuseIf(sum > maxUint32, `has localities whose weights come to more than ${maxUint32} (gRFC A27)`);
  }
  return endpointSet(used.flatMap((locality) => endpointsOf(locality, factorOf(locality, used), warn)));
}

/** By how much the weights of a locality's endpoints change, so that together they are the locality's. */
function factorOf(locality: LocalityLbEndpoints, all: readonly LocalityLbEndpoints[]): number {
  const { loadBalancingWeight, priority, lbEndpoints } = locality;
  const isAlone = all.filter((other) => other.priority === priority).length === 1;
  if (loadBalancingWeight === undefined || isAlone) return 1;
  return loadBalancingWeight / sumOf(lbEndpoints);
}

function sumOf(weighted: readonly { loadBalancingWeight?: number | undefined }[]): number {
  return weighted.reduce((total, { loadBalancingWeight = 1 }) => total + loadBalancingWeight, 0);
}

function endpointsOf(
  { lbEndpoints, locality, priority }: LocalityLbEndpoints,
  factor: number,
  warn: Warn,
): Endpoint[] {
  const { region = '', zone = '' } = locality ?? {};
  return lbEndpoints
    .filter(({ healthStatus }) => callable.includes(healthStatus))
    .map((one) => {
      const { address, port, additionalAddresses, hostname } = addressesOf(one, warn);
      refuseIf(one.loadBalancingWeight === 0, 'an endpoint must have a weight of at least 1');
      const weight = (one.loadBalancingWeight ?? 1) * factor;
      return {
        address,
        port,
        ...(additionalAddresses.length === 0 ? {} : { additionalAddresses }),
        ...(hostname === '' ? {} : { hostname }),
        ...(region === '' ? {} : { region }),
        ...(zone === '' ? {} : { zone }),
        ...(priority === 0 ? {} : { priority }),
        ...(weight === 1 ? {} : { weight }),
        state: 'ready' as const,
      };
    });
}

interface Addresses {
  address: string;
  port: number;
  additionalAddresses: string[];
  hostname: string;
}

/** All are of one endpoint (gRFC A61); the others have its port, for no source of ours says otherwise. */
function addressesOf({ hostIdentifier }: LbEndpoint, warn: Warn): Addresses {
  const endpoint = hostIdentifier?.$case === 'endpoint' ? hostIdentifier.value : undefined;
  const { address, port } = ipAndPort(endpoint?.address);
  const all = endpoint!.additionalAddresses.map((one) => ipAndPort(one.address));
  const additional = all.filter((one) => one.port === port).slice(0, clientLimits.additionalAddresses);
  if (additional.length < all.length)
    warn(
      `of the additional_addresses of ${address} only ${clientLimits.additionalAddresses} with its port are used`,
    );
  return {
    address,
    port,
    additionalAddresses: additional.map((one) => one.address),
    hostname: endpoint!.hostname,
  };
}

function ipAndPort(address: Address | undefined): { address: string; port: number } {
  const socket = address?.address?.$case === 'socketAddress' ? address.address.value : undefined;
  const port = socket?.portSpecifier?.$case === 'portValue' ? socket.portSpecifier.value : 0;
  if (socket === undefined || isIP(socket.address) === 0 || port < 1 || port > 65_535)
    throw new Refusal('an endpoint needs an IP address and a port (gRFC A27)');
  return { address: socket.address, port };
}
