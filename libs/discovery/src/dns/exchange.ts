import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { DiscoveryError } from '@evenly/endpoints';
import { readResponse, type DnsQuery, type DnsResponse } from './message.ts';

/** Where a DNS server is. */
export interface DnsServerAddress {
  /** An IP address. */
  address: string;
  port: number;
}

export interface ExchangeOptions {
  timeoutMs: number;
  /** Gives up at once: the promise rejects and the socket is closed. */
  signal: AbortSignal;
  /** The socket and the timer do not keep the process alive. */
  unref?: boolean;
}

/**
 * One query and its response by UDP, from a port of its own: with the random id, that is what makes a forged response
 * unlikely (RFC 5452). Packets that are no response to it are ignored.
 * @throws DiscoveryError UNREACHABLE
 */
export function exchangeByUdp(query: DnsQuery, server: DnsServerAddress, options: ExchangeOptions) {
  return exchange(server, 'UDP', options, (done) => {
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
    if (options.unref) socket.unref();
    socket.on('error', (error) => done(error));
    socket.on('message', (bytes) => {
      const response = readResponse(bytes, query);
      if (response !== undefined) done(response);
    });
    // Connected: packets from elsewhere are not seen, and a port where nobody listens is an error at once.
    socket.connect(server.port, server.address, () => socket.send(query.bytes));
    return () => socket.close();
  });
}

/**
 * The same by TCP, where the message has its length in two bytes before it (RFC 1035 §4.2.2).
 * @throws DiscoveryError UNREACHABLE
 */
export function exchangeByTcp(query: DnsQuery, server: DnsServerAddress, options: ExchangeOptions) {
  return exchange(server, 'TCP', options, (done) => {
    const socket = connect(server.port, server.address);
    if (options.unref) socket.unref();
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.bytes.length);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let wanted: number | undefined;
    socket.write(Buffer.concat([length, query.bytes]));
    socket.on('error', (error) => done(error));
    socket.on('close', () => done(new Error('the connection ended before the response')));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (wanted === undefined && bytes >= 2) wanted = 2 + Buffer.concat(chunks).readUInt16BE();
      if (wanted === undefined || bytes < wanted) return;
      const response = readResponse(Buffer.concat(chunks).subarray(2, wanted), query);
      done(response ?? new Error('what came is no DNS response to the query'));
    });
    return () => socket.destroy();
  });
}

/** The deadline, the end by signal, and the one result of either way. */
function exchange(
  server: DnsServerAddress,
  by: string,
  { timeoutMs, signal, unref = false }: ExchangeOptions,
  start: (done: (result: DnsResponse | Error) => void) => () => void,
): Promise<DnsResponse> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const done = (result: DnsResponse | Error) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      close();
      if (!(result instanceof Error)) return resolve(result);
      const where = `DNS server ${server.address} port ${server.port} by ${by}`;
      const { code = result.message } = result as NodeJS.ErrnoException;
      reject(new DiscoveryError('UNREACHABLE', `${where}: ${code}`, { cause: result }));
    };
    const onAbort = () => done(new Error('stopped'));
    const timer = setTimeout(() => done(new Error(`no response within ${timeoutMs} ms`)), timeoutMs);
    if (unref) timer.unref();
    const close = start(done);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
}
