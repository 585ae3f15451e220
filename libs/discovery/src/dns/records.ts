import { DiscoveryError } from '@evenly/endpoints';
import { normalName, type DnsRecord, type RecordType } from './message.ts';
import type { DnsResolver } from './resolver.ts';

/** The records that a name has, behind its aliases. */
export interface FoundRecords<T extends RecordType> {
  records: Extract<DnsRecord, { type: T }>[];
  /** The least of the records' and aliases' TTLs: how long all of this is true. Absent without any record. */
  ttlS: number | undefined;
  additionals: readonly DnsRecord[];
}

/** Aliases (CNAME) in a row; longer chains are taken for a mistake, as resolvers do. */
const maxAliases = 8;

/**
 * Looks up the records of one type, and follows aliases: within an answer, and by asking on where it ends at one.
 * @throws DiscoveryError as DnsResolver.query; INVALID for aliases in a loop
 */
export async function findRecords<T extends RecordType>(
  resolver: DnsResolver,
  name: string,
  type: T,
  signal: AbortSignal,
): Promise<FoundRecords<T>> {
  const ttls: number[] = [];
  const path = [normalName(name)];
  for (;;) {
    const asked = path.at(-1)!;
    const { answers, additionals } = await resolver.query(asked, type, signal);
    followAliases(answers, path, ttls);
    const owner = path.at(-1)!;
    const isWanted = (record: DnsRecord): record is Extract<DnsRecord, { type: T }> =>
      record.type === type && record.name === owner;
    const records = answers.filter(isWanted);
    if (records.length === 0 && owner !== asked) continue;
    ttls.push(...records.map(({ ttlS }) => ttlS));
    return { records, ttlS: records.length > 0 ? Math.min(...ttls) : undefined, additionals };
  }
}

/** Appends to the path what the answer's aliases lead to. */
function followAliases(answers: readonly DnsRecord[], path: string[], ttls: number[]): void {
  for (;;) {
    const alias = answers.find((record) => record.type === 'CNAME' && record.name === path.at(-1));
    if (alias?.type !== 'CNAME') return;
    if (path.includes(alias.data))
      throw new DiscoveryError('INVALID', `DNS aliases form a loop: ${[...path, alias.data].join(' → ')}`);
    if (path.length > maxAliases)
      throw new DiscoveryError(
        'INVALID',
        `more than ${maxAliases} DNS aliases in a row: ${path.join(' → ')}`,
      );
    path.push(alias.data);
    ttls.push(alias.ttlS);
  }
}
