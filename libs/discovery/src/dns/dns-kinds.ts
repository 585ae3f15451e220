import type { ClientSurroundings, SourceKind } from '../source-kind.ts';
import { badTarget, isPort, splitPort, type Uri } from '../target.ts';
import { dnsAddressSource } from './address-source.ts';
import { dnsResolver } from './resolver.ts';
import { dnsSrvSource } from './srv-source.ts';

/** A target may name the DNS server that is asked: `dns+srv://10.96.0.10/…`. */
function optionsOf(uri: Uri, { options: { dns = {} } }: ClientSurroundings) {
  const servers = uri.authority ? [uri.authority] : (dns.servers ?? []);
  const { refreshMs = 10_000, minRefreshMs = 1000, timeoutMs } = dns;
  const resolver = dnsResolver({ servers, unref: true, ...(timeoutMs !== undefined && { timeoutMs }) });
  return { resolver, refreshMs, minRefreshMs, unref: true };
}

export const dnsSrvKind: SourceKind<{ name: string; refreshMs: number }> = {
  make: (fields, { resolver }) => dnsSrvSource({ ...fields, resolver }),
  schemes: [
    {
      name: 'dns+srv',
      source: (uri, surroundings) => dnsSrvSource({ name: uri.path, ...optionsOf(uri, surroundings) }),
      // The service's name, without the labels that say port and protocol (RFC 2782).
      authority: (uri) => uri.path.replace(/^(_[^.]*\.)+/, ''),
    },
  ],
};

export const dnsAddressKind: SourceKind<{ name: string; port: number; refreshMs: number }> = {
  make: (fields, { resolver }) => dnsAddressSource({ ...fields, resolver }),
  schemes: [
    {
      name: 'dns+a',
      source: (uri, surroundings) => {
        const [name, port] = splitPort(uri.path);
        if (name === '' || port === undefined || !isPort(port))
          throw badTarget(uri, 'dns+a:///name:port, such as dns+a:///server:50051');
        return dnsAddressSource({ name, port: Number(port), ...optionsOf(uri, surroundings) });
      },
      authority: (uri) => uri.path,
    },
  ],
};
