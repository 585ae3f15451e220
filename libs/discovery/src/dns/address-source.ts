import { DiscoveryError, type EndpointSource } from '@evenly/endpoints';
import { addressFinder, type FoundAddresses } from './addresses.ts';
import { hostAddresses, lookupInDomains } from './machine-names.ts';
import { checkDnsName } from './message.ts';
import type { DnsResolver } from './resolver.ts';
import { limits, lookupSource, type DnsSourceOptions, type Lookup } from './source.ts';

/**
 * Endpoints from the A records of a name, or AAAA where there are none, such as a headless service's, all with one port; or of the hosts
 * file, and looked for in the machine's search list, where the machine's DNS servers are asked.
 * @throws DiscoveryError BAD_CONFIG for what is no DNS name
 */
export function dnsAddressSource(
  options: DnsSourceOptions & { name: string; port: number; resolver: DnsResolver },
): EndpointSource {
  checkDnsName(options.name);
  const { name, port, resolver } = options;
  const findAddresses = addressFinder(resolver);
  const toLookup = ({ addresses, ttlS }: FoundAddresses): Lookup => {
    if (addresses.length > limits.endpoints)
      throw new DiscoveryError(
        'TOO_MANY',
        `${name} has ${addresses.length} addresses; at most ${limits.endpoints} are used`,
      );
    return { endpoints: addresses.map((address) => ({ address, port, state: 'ready' as const })), ttlS };
  };
  const lookup = async (signal: AbortSignal) => {
    const machine = await resolver.machine?.();
    const addresses = machine === undefined ? [] : hostAddresses(name, machine);
    if (addresses.length > 0) return toLookup({ addresses, ttlS: undefined });
    return lookupInDomains(machine, name, async (each) => toLookup(await findAddresses(each, signal)));
  };
  return lookupSource(`dns ${name}:${port}`, lookup, options);
}
