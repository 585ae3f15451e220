import { endpointSet } from '../endpoint.ts';
import { DiscoveryError } from '../errors.ts';
import { repeat } from '../repeat.ts';
import { News } from '../news.ts';
import type { EndpointSource } from '../source.ts';
import { lookupSrv } from './lookup.ts';
import type { DnsResolver } from './resolver.ts';

/** Endpoints from DNS SRV records and the addresses of their targets, looked up every `refreshMs`. */
export function dnsSrvSource(options: {
  name: string;
  resolver: DnsResolver;
  refreshMs: number;
}): EndpointSource {
  const { name, resolver, refreshMs } = options;
  return {
    description: `dns-srv ${name}`,
    watch: (listener) => {
      let stopped = false;
      const news = new News(listener);
      const refresh = async () => {
        try {
          const set = endpointSet(await lookupSrv(resolver, name));
          if (stopped) return;
          news.endpoints(set);
          news.ok('dns');
        } catch (error) {
          if (!stopped) news.error('dns', asDiscoveryError(error));
        }
      };
      const stop = repeat(refreshMs, refresh);
      return () => {
        stopped = true;
        stop();
      };
    },
  };
}

function asDiscoveryError(error: unknown): DiscoveryError {
  if (error instanceof DiscoveryError) return error;
  return new DiscoveryError('UNREACHABLE', String(error), { cause: error });
}
