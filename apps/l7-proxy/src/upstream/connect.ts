import { connectHttp2, type Limits, type MemoryBudget, type SocketLoop } from '@evenly/http2';
import { endpointKey, type Endpoint } from '@evenly/endpoints';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { FloodRates } from '../flood-rates.ts';
import type { ConnectionListener, UpstreamConnection, UpstreamStreamOwner } from './connection.ts';

export interface UpstreamOptions {
  loop: SocketLoop;
  budget: MemoryBudget;
  /** What an endpoint may send beside answers. */
  limits: FloodRates & Pick<Limits, 'maxInformational'>;
  /** From the first SYN to the endpoint's SETTINGS; with HTTP/1.1 to the end of the TLS handshake. */
  connectTimeoutMs: number;
  /** Silence since something was sent after which an endpoint is asked for a sign of life, and how long it may take; 0 = never. */
  probeAfterMs: number;
  probeTimeoutMs: number;
  /** Silence with calls under way after which an endpoint is asked for a sign of life; 0 = never. */
  keepaliveMs: number;
  keepaliveTimeoutMs: number;
}

/** Header fields of responses: what a client asks for in a second, and gets from one connection, is more than it sends itself. */
const responseExpansion = { burst: 67_108_864, perSecond: 16_777_216, times: 64 };

/** Opens an HTTP/2 connection to one of the addresses of an endpoint, whose streams report to their `user`. */
export function connectUpstream(
  endpoint: Endpoint,
  address: string,
  options: UpstreamOptions,
  idleTimeoutMs: number,
  tls: TlsOptions | undefined,
  listener: ConnectionListener,
): UpstreamConnection {
  let ready = false;
  return connectHttp2<UpstreamStreamOwner>({
    loop: options.loop,
    // Content counts for the client, be it on its way up or down.
    countsContent: false,
    memory: options.budget.share(`endpoint ${endpointKey(endpoint)}`),
    host: address,
    port: endpoint.port,
    ...(tls === undefined ? {} : { tls }),
    limits: {
      ...options.limits,
      expansion: responseExpansion,
      // What it holds waits for many clients: one that does not read must not stop the others. The budget is the bound.
      maxHeldBytes: Number.MAX_SAFE_INTEGER,
      headerTimeoutMs: options.connectTimeoutMs,
      probeAfterMs: options.probeAfterMs,
      probeTimeoutMs: options.probeTimeoutMs,
      keepaliveIntervalMs: options.keepaliveMs,
      keepaliveTimeoutMs: options.keepaliveTimeoutMs,
      idleTimeoutMs,
    },
    events: {
      onHeaders: ({ user }, block, kind, endStream) => user!.onResponseHeaders(block, kind, endStream),
      onData: ({ user }, bytes, start, end, endStream) => user!.onResponseData(bytes, start, end, endStream),
      onDataSent: ({ user }, bytes) => user!.onRequestSent(bytes),
      onReset: ({ user }, reset) => user!.onUpstreamReset(reset),
      onSettings: () => {
        if (ready) return;
        ready = true;
        listener.onReady();
      },
      onCapacity: () => listener.onCapacity(),
      onGoaway: () => listener.onGoaway(),
      onClose: (error) => listener.onClose(error),
    },
  });
}
