import type { EndpointSource } from '@evenly/endpoints';
import { addressFinder } from './addresses.ts';
import { lookupInDomains } from './machine-names.ts';
import { checkDnsName } from './message.ts';
import type { DnsResolver } from './resolver.ts';
import { lookupSource, type DnsSourceOptions } from './source.ts';
import { lookupSrv } from './srv-lookup.ts';

/**
 * Endpoints from DNS SRV records and the addresses of their targets. SRV's priorities become those of the endpoints,
 * ranked from 0; its weights their weights.
 * @throws DiscoveryError BAD_CONFIG for what is no DNS name
 */
export function dnsSrvSource(
  options: DnsSourceOptions & {
    /** Such as `_grpc._tcp.be1-srv.default.svc.cluster.local`. */
    name: string;
    resolver: DnsResolver;
  },
): EndpointSource {
  checkDnsName(options.name);
  const { name, resolver } = options;
  const findAddresses = addressFinder(resolver);
  const lookup = async (signal: AbortSignal) =>
    lookupInDomains(await resolver.machine?.(), name, (each) =>
      lookupSrv(resolver, each, signal, findAddresses),
    );
  return lookupSource(`dns-srv ${name}`, lookup, options);
}
