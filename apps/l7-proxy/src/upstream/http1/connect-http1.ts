import type { Endpoint } from '@evenly/endpoints';
import { connect } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import type { UpstreamOptions } from '../connect.ts';
import type { ConnectionListener, UpstreamConnection } from '../connection.ts';
import { Http1Connection } from './http1-connection.ts';

/** Opens an HTTP/1.1 connection to one of the addresses of an endpoint, whose streams report to their `user`. */
export function connectHttp1(
  { port }: Endpoint,
  host: string,
  { connectTimeoutMs, limits }: UpstreamOptions,
  idleTimeoutMs: number,
  tls: TlsOptions | undefined,
  listener: ConnectionListener,
): UpstreamConnection {
  const socket =
    tls === undefined
      ? connect({ host, port, noDelay: true })
      : connectTls({ ...tls, host, port, ALPNProtocols: ['http/1.1'] }).setNoDelay();
  const { maxInformational } = limits;
  const readyEvent = tls === undefined ? 'connect' : 'secureConnect';
  const options = { readyEvent, connectTimeoutMs, idleTimeoutMs, maxInformational } as const;
  return new Http1Connection(socket, options, listener);
}
