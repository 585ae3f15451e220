import { asDiscoveryError, DiscoveryError } from '@evenly/endpoints';
import { findRecords } from './records.ts';
import type { DnsResolver } from './resolver.ts';

export interface FoundAddresses {
  addresses: readonly string[];
  /** Absent without addresses. */
  ttlS: number | undefined;
}

/**
 * @throws DiscoveryError NOT_FOUND when there is no such name; UNREACHABLE, INVALID when what was asked last failed
 */
export type FindAddresses = (name: string, signal: AbortSignal) => Promise<FoundAddresses>;

/**
 * Looks up A records, and AAAA where there are none. A name with both counts with its IPv4 ones only: a dual-stack pod
 * is one pod, and it would get two shares of the calls. So an answer with A records is the whole answer, and a server
 * that says nothing, or nonsense, to AAAA (RFC 4074) is not asked for it.
 *
 * Where A fails, AAAA counts only as long as there have been no A records: else one packet that is lost would move all
 * calls to the other family, which this machine may not reach. An A answer that cannot be used is a failure at once.
 */
export function addressFinder(resolver: DnsResolver): FindAddresses {
  let hadIpv4 = false;
  return async (name, signal) => {
    let failure: DiscoveryError | undefined;
    try {
      const ipv4 = await findRecords(resolver, name, 'A', signal);
      hadIpv4 ||= ipv4.records.length > 0;
      if (ipv4.records.length > 0) return toAddresses(ipv4);
    } catch (error) {
      failure = asDiscoveryError(error);
      if (failure.code === 'INVALID' || (failure.code === 'UNREACHABLE' && hadIpv4)) throw failure;
    }
    const ipv6 = await findRecords(resolver, name, 'AAAA', signal).catch((error: unknown) => {
      // "No such name" holds for all types (RFC 8020), whatever comes of the second question.
      throw failure?.code === 'NOT_FOUND' ? failure : error;
    });
    // Nothing of the one, and nothing known of the other: half a response is no update.
    if (ipv6.records.length === 0 && failure !== undefined) throw failure;
    return toAddresses(ipv6);
  };
}

/** The same for a name that may have gone since it was heard of: it has no addresses then. */
export async function findAddressesIfAny(
  find: FindAddresses,
  name: string,
  signal: AbortSignal,
): Promise<FoundAddresses> {
  try {
    return await find(name, signal);
  } catch (error) {
    if (error instanceof DiscoveryError && error.code === 'NOT_FOUND')
      return { addresses: [], ttlS: undefined };
    throw error;
  }
}

interface AddressRecords {
  records: readonly { data: string }[];
  ttlS: number | undefined;
}

function toAddresses({ records, ttlS }: AddressRecords): FoundAddresses {
  return { addresses: records.map(({ data }) => data), ttlS };
}
