import type { Route } from '../route.ts';
import { normalAuthority } from './normal-authority.ts';

/**
 * The routes of calls with certain authorities, as in xDS: a call belongs to the virtual host whose domain fits it best,
 * and to no other, be it that none of its routes matches.
 */
export interface VirtualHost {
  /** `shop` (without a port), `shop:9000`, `shop:*` (with any port) or `*`, in the normal form of authorities. */
  domains: readonly string[];
  /** The first that matches wins; what they ask of the authority is settled by the domain. */
  routes: readonly Route[];
}

/**
 * A list of routes as virtual hosts that give the same: for each authority all routes that hold for it, in the list's
 * order. With a port these are also the routes of its host, and in all of them those for any authority.
 */
export function virtualHostsOf(routes: readonly Route[]): VirtualHost[] {
  const hosts = new Map<string, { domains: string[]; routes: Route[] }>();
  const portsOf = new Map<string, Route[][]>();
  for (const { match } of routes) {
    if (match.authority === undefined) continue;
    const { host, authority } = normalAuthority(match.authority);
    if (hosts.has(authority)) continue;
    const isPort = authority !== host;
    const one = { domains: isPort ? [authority] : [host, `${host}:*`], routes: [] };
    hosts.set(authority, one);
    if (isPort) portsOf.set(host, [...(portsOf.get(host) ?? []), one.routes]);
  }
  const any: Route[] = [];
  for (const route of routes) {
    if (route.match.authority === undefined) {
      for (const one of hosts.values()) one.routes.push(route);
      any.push(route);
    } else {
      const { host, authority } = normalAuthority(route.match.authority);
      hosts.get(authority)!.routes.push(route);
      if (authority === host) for (const ofPort of portsOf.get(host) ?? []) ofPort.push(route);
    }
  }
  return any.length === 0 ? [...hosts.values()] : [...hosts.values(), { domains: ['*'], routes: any }];
}
