import { normalAuthority } from './normal-authority.ts';

/** Of a DNS name (RFC 1035 §2.3.4). A longer one falls under no wildcard: it could have any number of labels to look up. */
const maxName = 253;

/** `*.example.com`: any name below it, of one label or several. It is not `example.com` itself. */
export const isWildcard = (host: string): boolean => host.startsWith('*.');

/** The wildcards that a host falls under, the most specific first: `*.b.c` and `*.c` of `a.b.c`; `*.c` of `*.b.c`. */
export function wildcardsOf(host: string): string[] {
  const found: string[] = [];
  if (host.length > maxName) return found;
  const start = isWildcard(host) ? 2 : 0;
  for (let dot = host.indexOf('.', start); dot >= 0; dot = host.indexOf('.', dot + 1))
    found.push(`*${host.slice(dot)}`);
  return found;
}

/** Whether all authorities that `b` stands for are among those of `a`. Without a port it is every port; undefined is any. */
export function authorityCovers(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || a === b) return true;
  if (b === undefined) return false;
  const [wide, narrow] = [normalAuthority(a), normalAuthority(b)];
  const anyPort = wide.authority === wide.host;
  if (!anyPort && portOf(wide) !== portOf(narrow)) return false;
  return wide.host === narrow.host || wildcardsOf(narrow.host).includes(wide.host);
}

/** `:80`, or nothing. */
export const portOf = ({ host, authority }: { host: string; authority: string }): string =>
  authority.slice(host.length);
