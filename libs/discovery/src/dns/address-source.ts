import { DiscoveryError, type EndpointSource } from '@evenly/endpoints';
import { addressFinder } from './addresses.ts';
import { checkDnsName } from './message.ts';
import type { DnsResolver } from './resolver.ts';
import { limits, lookupSource, type DnsSourceOptions } from './source.ts';

/**
 * Endpoints from the A records of a name, or AAAA where there are none, such as a headless service's, all with one port.
 * @throws DiscoveryError BAD_CONFIG for what is no DNS name
 */
export function dnsAddressSource(
  options: DnsSourceOptions & { name: string; port: number; resolver: DnsResolver },
): EndpointSource {
  checkDnsName(options.name);
  const { name, port, resolver } = options;
  const findAddresses = addressFinder(resolver);
  const lookup = async (signal: AbortSignal) => {
    const { addresses, ttlS } = await findAddresses(name, signal);
    if (addresses.length > limits.endpoints)
      throw new DiscoveryError(
        'TOO_MANY',
        `${name} has ${addresses.length} addresses; at most ${limits.endpoints} are used`,
      );
    return { endpoints: addresses.map((address) => ({ address, port, state: 'ready' as const })), ttlS };
  };
  return lookupSource(`dns ${name}:${port}`, lookup, options);
}
