import type { Route } from '../route.ts';
import { authorityCovers, isWildcard, portOf, wildcardsOf } from './authority-patterns.ts';
import { normalAuthority } from './normal-authority.ts';

/**
 * The routes of calls with certain authorities, as in xDS: a call belongs to the virtual host whose domain fits it best,
 * and to no other, be it that none of its routes matches.
 */
export interface VirtualHost {
  /**
   * `shop` (without a port), `shop:9000`, `shop:*` (with any port), the same with `*.example.com` for `shop`, or `*`; in the
   * normal form of authorities.
   */
  domains: readonly string[];
  /** The first that matches wins; what they ask of the authority is settled by the domain. */
  routes: readonly Route[];
}

/**
 * A list of routes as virtual hosts that give the same: for each authority all routes that hold for it, in the list's
 * order. With a port these are also the routes of its host, below a wildcard also those of the wildcard, and in all of them
 * those for any authority.
 */
export function virtualHostsOf(routes: readonly Route[]): VirtualHost[] {
  const hosts = new Map<string, { domains: string[]; routes: Route[] }>();
  const portsOf = new Map<string, Route[][]>();
  const wildcards: string[] = [];
  const add = (host: string, authority: string) => {
    if (hosts.has(authority)) return;
    const isPort = authority !== host;
    const one = { domains: isPort ? [authority] : [host, `${host}:*`], routes: [] };
    hosts.set(authority, one);
    if (isPort) portsOf.set(host, [...(portsOf.get(host) ?? []), one.routes]);
    if (isWildcard(host)) wildcards.push(authority);
  };
  for (const { match } of routes) {
    if (match.authority === undefined) continue;
    const { host, authority } = normalAuthority(match.authority);
    add(host, authority);
  }
  // Or calls to `shop.example.com:80` would be its own alone, and not heed `*.example.com:80`.
  for (const [host, port] of portsBelow(wildcards, hosts.keys())) add(host, `${host}${port}`);
  const any: Route[] = [];
  for (const route of routes) {
    if (route.match.authority === undefined) {
      for (const one of hosts.values()) one.routes.push(route);
      any.push(route);
      continue;
    }
    const { host, authority } = normalAuthority(route.match.authority);
    if (isWildcard(host)) {
      for (const [key, one] of hosts) if (authorityCovers(authority, key)) one.routes.push(route);
      continue;
    }
    hosts.get(authority)!.routes.push(route);
    if (authority === host) for (const ofPort of portsOf.get(host) ?? []) ofPort.push(route);
  }
  return any.length === 0 ? [...hosts.values()] : [...hosts.values(), { domains: ['*'], routes: any }];
}

/** For each host without a port, the ports of the wildcards that it falls under. */
function portsBelow(wildcards: readonly string[], authorities: Iterable<string>): [string, string][] {
  const ports = new Map<string, string[]>();
  for (const one of wildcards) {
    const normal = normalAuthority(one);
    if (normal.host === normal.authority) continue;
    ports.set(normal.host, [...(ports.get(normal.host) ?? []), portOf(normal)]);
  }
  if (ports.size === 0) return [];
  return [...authorities].flatMap((one) => {
    const { host, authority } = normalAuthority(one);
    if (host !== authority) return [];
    return wildcardsOf(host).flatMap((wildcard) =>
      (ports.get(wildcard) ?? []).map((port): [string, string] => [host, port]),
    );
  });
}
