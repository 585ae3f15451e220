import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import { asDiscoveryError, DiscoveryError, parseEndpointKey } from '@evenly/endpoints';
import { exchangeByTcp, exchangeByUdp, type DnsServerAddress, type ExchangeOptions } from './exchange.ts';
import { readMachineNames, type MachineNames } from './machine-names.ts';
import { dnsQuery, type DnsResponse, type RecordType } from './message.ts';

/** Asks DNS servers one question. Why not node:dns: docs/decisions/0006-dns-client-of-our-own.md. */
export interface DnsResolver {
  /**
   * @returns a whole response with NOERROR; it may have no records
   * @throws DiscoveryError NOT_FOUND for NXDOMAIN; INVALID when the answer is truncated even by TCP; UNREACHABLE when no
   *   server gave an answer
   */
  query(name: string, type: RecordType, signal: AbortSignal): Promise<DnsResponse>;
  /** What the machine's programs know of names beside DNS. Absent where other servers than the machine's are asked. */
  machine?(): Promise<MachineNames>;
}

export interface DnsResolverOptions {
  /** `10.96.0.10`, `127.0.0.1:5353`, `[::1]:53`; without any, those of the machine (/etc/resolv.conf). At most 8. */
  servers?: readonly string[];
  /** For one attempt, default 2 s. */
  timeoutMs?: number;
  /** How often each server is asked, default 2. The servers are asked one after the other, in their order. */
  attempts?: number;
  /** Sockets and timers do not keep the process alive. */
  unref?: boolean;
}

const maxServers = 8;

/** @throws DiscoveryError BAD_CONFIG when a server is not an IP address with an optional port, or there are too many */
export function dnsResolver({
  servers: given = [],
  timeoutMs = 2000,
  attempts = 2,
  unref = false,
}: DnsResolverOptions = {}): DnsResolver {
  const servers = (given.length > 0 ? given : getServers()).map(serverAddress);
  if (servers.length > maxServers)
    throw new DiscoveryError('BAD_CONFIG', `${servers.length} DNS servers; at most ${maxServers} are used`);
  return {
    ...(given.length === 0 && { machine: () => readMachineNames() }),
    query: async (name, type, signal) => {
      let failure = new DiscoveryError('UNREACHABLE', 'there is no DNS server');
      for (let attempt = 0; attempt < attempts; attempt++) {
        for (const server of servers) {
          try {
            return checked(await ask(server, name, type, { timeoutMs, signal, unref }), name, type);
          } catch (error) {
            failure = asDiscoveryError(error);
            // The next server would say the same; and after a stop nobody waits for what it says.
            if (failure.code !== 'UNREACHABLE' || signal.aborted) throw failure;
          }
        }
      }
      throw new DiscoveryError('UNREACHABLE', `DNS look-up of ${name} ${type} failed: ${failure.message}`, {
        cause: failure,
      });
    },
  };
}

/** FORMERR by RFC 6891 §7; NOTIMP by what servers of RFC 2671's time do. */
const knowsNoEdns = new Set(['FORMERR', 'NOTIMP']);

async function ask(server: DnsServerAddress, name: string, type: RecordType, options: ExchangeOptions) {
  const query = dnsQuery(name, type);
  const response = await exchangeByUdp(query, server, options);
  if (response.truncated) return exchangeByTcp(query, server, options);
  if (knowsNoEdns.has(response.rcode)) return exchangeByUdp(dnsQuery(name, type, false), server, options);
  return response;
}

function checked(response: DnsResponse, name: string, type: RecordType): DnsResponse {
  const { rcode, truncated } = response;
  if (rcode === 'NXDOMAIN') throw new DiscoveryError('NOT_FOUND', `DNS has no name ${name} (NXDOMAIN)`);
  if (rcode !== 'NOERROR') throw new DiscoveryError('UNREACHABLE', `the DNS server answers ${rcode}`);
  // More than 64 KiB do not fit into any answer. The part that did would look like a scale-down.
  if (truncated)
    throw new DiscoveryError('INVALID', `the DNS response for ${name} ${type} is truncated, even by TCP`);
  return response;
}

function serverAddress(text: string): DnsServerAddress {
  const withPort = parseEndpointKey(text);
  if (withPort !== undefined) return withPort;
  const address = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) !== 0) return { address, port: 53 };
  throw new DiscoveryError(
    'BAD_CONFIG',
    `${JSON.stringify(text)} is no DNS server: expected an IP address with an optional port, such as 10.96.0.10 or [::1]:53`,
  );
}
