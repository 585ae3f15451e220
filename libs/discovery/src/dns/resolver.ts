import { Resolver } from 'node:dns/promises';

/** The part of node:dns that is used: c-ares, over UDP, and TCP when an answer is truncated. */
export type DnsResolver = Pick<Resolver, 'resolveSrv' | 'resolve4' | 'resolve6'>;

export interface DnsResolverOptions {
  /** `127.0.0.1:5353`, `[::1]:53`; without any, those of the machine (/etc/resolv.conf). */
  servers?: readonly string[];
  /** For one try. */
  timeoutMs?: number;
  tries?: number;
}

/** @throws TypeError when a server is not an IP address with an optional port */
export function dnsResolver({
  servers = [],
  timeoutMs = 2000,
  tries = 2,
}: DnsResolverOptions = {}): DnsResolver {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}
