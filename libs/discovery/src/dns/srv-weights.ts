import type { Endpoint } from '@evenly/endpoints';
import type { DnsRecord } from './message.ts';

type SrvRecord = Extract<DnsRecord, { type: 'SRV' }>;

/** The most that an SRV record can have. */
const maxWeight = 65_535;

interface Share {
  record: SrvRecord;
  address: string;
  /** Of the calls, relative to the others. */
  share: number;
}

/**
 * The endpoints of SRV records of one priority. A record's weight is its target's (RFC 2782), so the addresses of one
 * target share it; an address that several records lead to, with one port, has what they give it together.
 *
 * Shares that are all equal say nothing and are left out, so that a scale from 2 to 3 (CoreDNS: weight 50 → 33) changes
 * no endpoint that stays. Among others, 0 asks for "a very small chance": it becomes 1, which is the chance that RFC
 * 2782's own algorithm gives it, 1 in (sum + 1), and the least that xDS can carry.
 */
export function weightedEndpoints(
  records: readonly SrvRecord[],
  addressesOf: (target: string) => readonly string[],
): Endpoint[] {
  const shares = sharesOf(onlyOnce(records), addressesOf);
  const equal = shares.every(({ share }) => share === shares[0]!.share);
  const unit = equal
    ? 1
    : unitOf(
        shares,
        records.map(({ target }) => addressesOf(target).length).filter((count) => count > 0),
      );
  return shares.map(({ record, address, share }) => ({
    address,
    port: record.port,
    hostname: record.target,
    ...(!equal && { weight: Math.max(1, Math.round(share * unit)) }),
    state: 'ready',
  }));
}

/** A set of records has none twice (RFC 2181 §5); an answer may. */
function onlyOnce(records: readonly SrvRecord[]): SrvRecord[] {
  const byContent = records.map(
    (record) => [`${record.target}:${record.port} ${record.weight}`, record] as const,
  );
  return [...new Map(byContent).values()];
}

function sharesOf(
  records: readonly SrvRecord[],
  addressesOf: (target: string) => readonly string[],
): Share[] {
  const shares = new Map<string, Share>();
  for (const record of records) {
    const addresses = addressesOf(record.target);
    for (const address of addresses) {
      const key = `${address} ${record.port}`;
      const known = shares.get(key) ?? { record, address, share: 0 };
      known.share += Math.max(1, record.weight) / addresses.length;
      shares.set(key, known);
    }
  }
  return [...shares.values()];
}

/** What makes whole numbers of the shares: the least common multiple of the targets' addresses, if weights stay in range. */
function unitOf(shares: readonly Share[], counts: readonly number[]): number {
  const most = shares.reduce((max, { share }) => Math.max(max, share), 0);
  let multiple = 1;
  for (const count of counts)
    if (multiple <= maxWeight) multiple *= count / greatestCommonDivisor(multiple, count);
  return Math.min(multiple, maxWeight / most);
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
