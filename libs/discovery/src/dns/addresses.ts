import { DiscoveryError } from '../errors.ts';
import { findRecords } from './records.ts';
import type { DnsResolver } from './resolver.ts';

export interface FoundAddresses {
  addresses: string[];
  /** Absent without addresses. */
  ttlS: number | undefined;
}

/**
 * Looks up A and AAAA records. A name with both counts with its IPv4 ones only: a dual-stack pod is one pod, and it
 * would get two shares of the calls.
 * @throws DiscoveryError NOT_FOUND for NXDOMAIN; UNREACHABLE, INVALID when either look-up failed: half an answer is no
 *   news
 */
export async function findAddresses(
  resolver: DnsResolver,
  name: string,
  signal: AbortSignal,
): Promise<FoundAddresses> {
  const [ipv4, ipv6] = await Promise.all([
    findRecords(resolver, name, 'A', signal),
    findRecords(resolver, name, 'AAAA', signal),
  ]);
  const { records, ttlS } = ipv4.records.length > 0 ? ipv4 : ipv6;
  return { addresses: records.map(({ data }) => data), ttlS };
}

/** The same for a name that may have gone since it was heard of: it has no addresses then. */
export async function findAddressesIfAny(
  resolver: DnsResolver,
  name: string,
  signal: AbortSignal,
): Promise<FoundAddresses> {
  try {
    return await findAddresses(resolver, name, signal);
  } catch (error) {
    if (error instanceof DiscoveryError && error.code === 'NOT_FOUND')
      return { addresses: [], ttlS: undefined };
    throw error;
  }
}
