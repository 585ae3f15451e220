import type { Endpoint } from '../endpoint.ts';
import { DiscoveryError } from '../errors.ts';
import { forEachLimited } from '../for-each-limited.ts';
import { findAddressesIfAny, type FoundAddresses } from './addresses.ts';
import type { DnsRecord } from './message.ts';
import { findRecords } from './records.ts';
import type { DnsResolver } from './resolver.ts';
import { limits, type Lookup } from './source.ts';

type SrvRecord = Extract<DnsRecord, { type: 'SRV' }>;

/** Times that it begins again when all targets of an answer went away while their addresses were looked up. */
const maxRestarts = 2;

/**
 * Looks up SRV records and the addresses of their targets. Addresses that came along in the answer are used as they are,
 * so that a service of n pods costs one query and not 2n + 1.
 * @returns no endpoints when the name exists but has no such records (NODATA), or says "not here" by the target "."
 * @throws DiscoveryError NOT_FOUND for NXDOMAIN; TOO_MANY; UNREACHABLE, INVALID when any look-up failed, or there are
 *   targets but none has an address
 */
export async function lookupSrv(resolver: DnsResolver, name: string, signal: AbortSignal): Promise<Lookup> {
  for (let restarts = 0; restarts <= maxRestarts; restarts++) {
    const found = await findRecords(resolver, name, 'SRV', signal);
    const records = found.records.filter(({ target }) => target !== ''); // RFC 2782: the target "." is no target
    if (records.length > limits.endpoints) {
      const message = `${name} has ${records.length} SRV records; at most ${limits.endpoints} are used`;
      throw new DiscoveryError('TOO_MANY', message);
    }
    const targets = await findTargets(resolver, records, found.additionals, signal);
    const endpoints = endpointsOf(records, targets);
    const ttls = [found.ttlS, ...[...targets.values()].map(({ ttlS }) => ttlS)];
    if (endpoints.length > 0 || records.length === 0) return { endpoints, ttlS: leastOf(ttls) };
    // All replaced between the two answers, as in a fast rolling restart: that is no scale to zero.
  }
  throw new DiscoveryError('UNREACHABLE', `DNS has SRV records of ${name}, but no address of any target`);
}

async function findTargets(
  resolver: DnsResolver,
  records: readonly SrvRecord[],
  additionals: readonly DnsRecord[],
  signal: AbortSignal,
): Promise<Map<string, FoundAddresses>> {
  const found = new Map<string, FoundAddresses>();
  await forEachLimited(
    new Set(records.map(({ target }) => target)),
    limits.lookupsAtATime,
    async (target) => {
      const known = addressesThatCameAlong(additionals, target);
      found.set(target, known ?? (await findAddressesIfAny(resolver, target, signal)));
    },
  );
  return found;
}

/** IPv4 ones only: where there are none, they may just not have fitted, and the target be dual-stack. */
function addressesThatCameAlong(
  additionals: readonly DnsRecord[],
  target: string,
): FoundAddresses | undefined {
  const records = additionals.filter(({ type, name }) => type === 'A' && name === target);
  if (records.length === 0) return undefined;
  const addresses = records.flatMap((record) => (record.type === 'A' ? [record.data] : []));
  return { addresses, ttlS: leastOf(records.map(({ ttlS }) => ttlS)) };
}

/** In the order of their priority, so that of an address that is there twice the better one is kept. */
function endpointsOf(
  records: readonly SrvRecord[],
  targets: ReadonlyMap<string, FoundAddresses>,
): Endpoint[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((value, priority) => {
    const weighted = withWeights(records.filter((record) => record.priority === value));
    return weighted.flatMap(({ record, weight }) =>
      targets.get(record.target)!.addresses.map((address): Endpoint => ({
        address,
        port: record.port,
        hostname: record.target,
        ...(priority > 0 && { priority }),
        ...(weight !== undefined && { weight }),
        state: 'ready',
      })),
    );
  });
}

/**
 * Equal weights, zeros too, say nothing and are left out, so that a scale from 2 to 3 (CoreDNS: weight 50 → 33) changes
 * no endpoint that stays. Among others, 0 asks for "a very small chance": it becomes 1, which is the chance that RFC
 * 2782's own algorithm gives it, 1 in (sum + 1), and the least that xDS can carry.
 */
function withWeights(records: readonly SrvRecord[]): { record: SrvRecord; weight?: number }[] {
  const equal = records.every(({ weight }) => weight === records[0]!.weight);
  return records.map((record) => (equal ? { record } : { record, weight: Math.max(1, record.weight) }));
}

function leastOf(ttls: readonly (number | undefined)[]): number | undefined {
  const known = ttls.filter((ttl) => ttl !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
