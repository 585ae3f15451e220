import { DiscoveryError, type Endpoint } from '@evenly/endpoints';
import { forEachLimited } from '../for-each-limited.ts';
import { addressFinder, findAddressesIfAny } from './addresses.ts';
import type { FindAddresses, FoundAddresses } from './addresses.ts';
import type { DnsRecord } from './message.ts';
import { findRecords } from './records.ts';
import type { DnsResolver } from './resolver.ts';
import { limits, type Lookup } from './source.ts';
import { weightedEndpoints } from './srv-weights.ts';

type SrvRecord = Extract<DnsRecord, { type: 'SRV' }>;

/** Times that it begins again when all targets of an answer went away while their addresses were looked up. */
const maxRestarts = 2;

/**
 * Looks up SRV records and the addresses of their targets. Addresses that came along in the answer are used as they are,
 * so that a service of n pods costs one query and not 2n + 1.
 * @returns no endpoints when the name exists but has no such records (NODATA), or says "not here" by the target "."
 * @throws DiscoveryError NOT_FOUND for NXDOMAIN; NO_PORT; TOO_MANY; UNREACHABLE, INVALID when any look-up failed, or
 *   there are targets but none has an address
 */
export async function lookupSrv(
  resolver: DnsResolver,
  name: string,
  signal: AbortSignal,
  findAddresses = addressFinder(resolver),
): Promise<Lookup> {
  for (let restarts = 0; restarts <= maxRestarts; restarts++) {
    const found = await findRecords(resolver, name, 'SRV', signal);
    const records = usable(name, found.records);
    const targets = await findTargets(findAddresses, records, found.additionals, signal);
    const endpoints = endpointsOf(records, targets);
    const ttls = [found.ttlS, ...[...targets.values()].map(({ ttlS }) => ttlS)];
    if (endpoints.length > 0 || records.length === 0) return { endpoints, ttlS: leastOf(ttls) };
    // All replaced between the two answers, as in a fast rolling restart: that is no scale to zero.
  }
  throw new DiscoveryError('UNREACHABLE', `DNS has SRV records of ${name}, but no address of any target`);
}

/** Without the target ".", which is none (RFC 2782), and without port 0, which nobody can call. */
function usable(name: string, found: readonly SrvRecord[]): SrvRecord[] {
  const targeted = found.filter(({ target }) => target !== '');
  const records = targeted.filter(({ port }) => port > 0);
  if (records.length === 0 && targeted.length > 0)
    throw new DiscoveryError('NO_PORT', `all SRV records of ${name} have port 0, which nobody can call`);
  if (records.length > limits.endpoints) {
    const message = `${name} has ${records.length} SRV records; at most ${limits.endpoints} are used`;
    throw new DiscoveryError('TOO_MANY', message);
  }
  return records;
}

async function findTargets(
  findAddresses: FindAddresses,
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
      found.set(target, known ?? (await findAddressesIfAny(findAddresses, target, signal)));
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
    const ofPriority = records.filter((record) => record.priority === value);
    const endpoints = weightedEndpoints(ofPriority, (target) => targets.get(target)!.addresses);
    return priority === 0 ? endpoints : endpoints.map((endpoint) => ({ ...endpoint, priority }));
  });
}

function leastOf(ttls: readonly (number | undefined)[]): number | undefined {
  const known = ttls.filter((ttl) => ttl !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
