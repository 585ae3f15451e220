import {
  connectHttp2,
  type Connection,
  type Http2Error,
  type MemoryBudget,
  type SocketLoop,
} from '@evenly/http2';
import { endpointKey, type Endpoint } from '@evenly/discovery';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Attempt } from './attempt.ts';

export interface UpstreamOptions {
  loop: SocketLoop;
  budget: MemoryBudget;
  /** From the first SYN to the endpoint's SETTINGS. */
  connectTimeoutMs: number;
  /** Silence with calls under way after which an endpoint is asked for a sign of life; 0 = never. */
  keepaliveMs: number;
  keepaliveTimeoutMs: number;
}

/** What a pool wants to know of a connection. */
export interface ConnectionListener {
  /** It speaks HTTP/2: its limits are known. */
  onReady(): void;
  /** It takes more streams than before. */
  onCapacity(): void;
  /** It takes no more streams; those open go on. */
  onGoaway(): void;
  onClose(error: Http2Error | undefined): void;
}

/**
 * Endpoints are ours: what would be an attack from a client is work from them. A server that answers before it has read
 * the request resets each such stream (RFC 9113 §8.1), and gRPC servers send a WINDOW_UPDATE and a PING for many messages.
 */
const trusted = { burst: 1_000_000, perSecond: 100_000 };

/** Opens an HTTP/2 connection to an endpoint, whose streams report to the attempt in their `user`. */
export function connectUpstream(
  endpoint: Endpoint,
  options: UpstreamOptions,
  idleTimeoutMs: number,
  tls: TlsOptions | undefined,
  listener: ConnectionListener,
): Connection {
  let ready = false;
  return connectHttp2({
    loop: options.loop,
    // Content counts for the client, be it on its way up or down.
    countsContent: false,
    memory: options.budget.share(`endpoint ${endpointKey(endpoint)}`),
    host: endpoint.address,
    port: endpoint.port,
    ...(tls === undefined ? {} : { tls }),
    limits: {
      resets: trusted,
      pings: trusted,
      windowUpdates: trusted,
      emptyFrames: trusted,
      // What it holds waits for many clients: one that does not read must not stop the others. The budget is the bound.
      maxHeldBytes: Number.MAX_SAFE_INTEGER,
      headerTimeoutMs: options.connectTimeoutMs,
      keepaliveIntervalMs: options.keepaliveMs,
      keepaliveTimeoutMs: options.keepaliveTimeoutMs,
      idleTimeoutMs,
    },
    events: {
      onHeaders: ({ user }, block, kind, endStream) => {
        const attempt = user as Attempt;
        attempt.owner.onResponseHeaders(attempt, block, kind, endStream);
      },
      onData: ({ user }, bytes, start, end, endStream) => {
        const attempt = user as Attempt;
        attempt.owner.onResponseData(attempt, bytes, start, end, endStream);
      },
      onDataSent: ({ user }, bytes) => {
        const attempt = user as Attempt;
        attempt.owner.onRequestSent(attempt, bytes);
      },
      onReset: ({ user }, reset) => {
        const attempt = user as Attempt;
        attempt.owner.onUpstreamReset(attempt, reset);
      },
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
