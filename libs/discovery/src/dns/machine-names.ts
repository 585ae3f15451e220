import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { asDiscoveryError, type DiscoveryError } from '@evenly/endpoints';
import { normalName } from './message.ts';
import type { Lookup } from './source.ts';

/** What a machine knows of names beside its DNS servers: `/etc/hosts`, and the search list of `/etc/resolv.conf`. */
export interface MachineNames {
  /** Addresses by name, in lower case. */
  hosts: ReadonlyMap<string, readonly string[]>;
  /** The domains in which names are looked for that are not whole. */
  search: readonly string[];
}

/** As many as any resolver takes. */
const maxSearchDomains = 32;
/** Of a name with its domain (RFC 1035 §2.3.4). */
const maxName = 253;

/** Read anew for each look-up, for both may change; a file that is not there says nothing. */
export async function readMachineNames(
  hostsFile = '/etc/hosts',
  resolvConf = '/etc/resolv.conf',
): Promise<MachineNames> {
  const [hosts, search] = await Promise.all([wordsOf(hostsFile), wordsOf(resolvConf)]);
  return { hosts: hostsOf(hosts), search: searchOf(search) };
}

async function wordsOf(file: string): Promise<string[][]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.replace(/[#;].*/, '').trim());
  return lines.filter((line) => line !== '').map((line) => line.split(/\s+/));
}

function hostsOf(lines: readonly string[][]): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const [address = '', ...names] of lines) {
    if (isIP(address) === 0) continue;
    for (const name of names.map(normalName)) {
      const known = hosts.get(name) ?? [];
      if (!known.includes(address)) hosts.set(name, [...known, address]);
    }
  }
  return hosts;
}

/** Of several lines the last one counts (resolv.conf(5)). */
function searchOf(lines: readonly string[][]): string[] {
  const [, ...domains] = lines.findLast(([word]) => word === 'search' || word === 'domain') ?? [];
  return domains
    .map(normalName)
    .filter((domain) => domain !== '')
    .slice(0, maxSearchDomains);
}

/** The addresses of a name by the hosts file: the IPv4 ones, or IPv6 where there are no others, as by DNS. */
export function hostAddresses(name: string, { hosts }: MachineNames): readonly string[] {
  const addresses = hosts.get(normalName(name)) ?? [];
  const ipv4 = addresses.filter((address) => isIP(address) === 4);
  return ipv4.length > 0 ? ipv4 : addresses;
}

/**
 * The names to ask for, one after the other. A name with a dot is asked for as it is first (RFC 1123 §6.1.4.3, RFC 1535),
 * whatever `ndots` says: in a pod that is 5, and would cost whole names three questions more each time. One that ends with
 * a dot, or with a domain of the list, is whole.
 */
export function candidates(name: string, { search }: MachineNames): string[] {
  const asked = normalName(name);
  const isWhole =
    name.endsWith('.') || search.some((domain) => asked === domain || asked.endsWith(`.${domain}`));
  if (isWhole) return [name];
  const inDomains = search.map((domain) => `${name}.${domain}`).filter(({ length }) => length <= maxName);
  return name.includes('.') ? [name, ...inDomains] : [...inDomains, name];
}

/**
 * Looks a name up as other programs of this machine would: in the domains of the search list, until there are endpoints.
 * @param machine undefined: as it stands only
 * @throws DiscoveryError of the first candidate when none exists; of any that fails otherwise, for it might be the one
 */
export async function lookupInDomains(
  machine: MachineNames | undefined,
  name: string,
  lookup: (name: string) => Promise<Lookup>,
): Promise<Lookup> {
  const names = machine === undefined ? [name] : candidates(name, machine);
  let nobody: Lookup | undefined;
  let notFound: DiscoveryError | undefined;
  for (const candidate of names) {
    try {
      const found = await lookup(candidate);
      if (found.endpoints.length > 0) return found;
      nobody ??= found;
    } catch (thrown) {
      const error = asDiscoveryError(thrown);
      if (error.code !== 'NOT_FOUND') throw error;
      notFound ??= error;
    }
  }
  if (nobody === undefined) throw notFound!;
  return nobody;
}
