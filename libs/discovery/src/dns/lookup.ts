import type { Endpoint } from '../endpoint.ts';
import { DiscoveryError } from '../errors.ts';
import type { DnsResolver } from './resolver.ts';

/** More targets than this in one answer are an error; and so many look-ups run at a time. */
export const limits = { targets: 1000, lookupsAtATime: 32 } as const;

/**
 * Looks up SRV records and the addresses of their targets.
 * A target with addresses of both families counts with its IPv4 ones only: a dual-stack pod is one pod.
 * @returns an empty list when the name exists but has no such records (NODATA)
 * @throws DiscoveryError NOT_FOUND for NXDOMAIN, UNREACHABLE when any look-up failed: half an answer is no news
 */
export async function lookupSrv(resolver: DnsResolver, name: string): Promise<Endpoint[]> {
  const records = await ask(name, () => resolver.resolveSrv(name));
  if (records.length > limits.targets) {
    throw new DiscoveryError(
      'TOO_MANY',
      `${name} has ${records.length} SRV records; at most ${limits.targets} are used`,
    );
  }
  const targets = [...new Set(records.map((record) => record.name))];
  const addresses = new Map<string, string[]>();
  await forEachLimited(targets, limits.lookupsAtATime, async (target) => {
    addresses.set(target, await lookupAddresses(resolver, target));
  });
  return records.flatMap((record) =>
    addresses
      .get(record.name)!
      .map((address): Endpoint => ({ address, port: record.port, hostname: record.name, state: 'ready' })),
  );
}

async function lookupAddresses(resolver: DnsResolver, target: string): Promise<string[]> {
  const [ipv4, ipv6] = await Promise.all([
    askOptional(target, () => resolver.resolve4(target)),
    askOptional(target, () => resolver.resolve6(target)),
  ]);
  return ipv4.length > 0 ? ipv4 : ipv6;
}

/** A target that went away between the two answers is no error: it is no endpoint any more. */
async function askOptional(name: string, query: () => Promise<string[]>): Promise<string[]> {
  try {
    return await ask(name, query);
  } catch (error) {
    if (error instanceof DiscoveryError && error.code === 'NOT_FOUND') return [];
    throw error;
  }
}

async function ask<T>(name: string, query: () => Promise<T[]>): Promise<T[]> {
  try {
    return await query();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    if (code === 'ENODATA') return [];
    if (code === 'ENOTFOUND')
      throw new DiscoveryError('NOT_FOUND', `DNS has no name ${name} (NXDOMAIN)`, { cause });
    throw new DiscoveryError('UNREACHABLE', `DNS look-up of ${name} failed: ${code}`, { cause });
  }
}

async function forEachLimited<T>(
  items: readonly T[],
  atATime: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await task(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}
