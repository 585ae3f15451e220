import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Registry } from 'prom-client';
import type { AdminRoutes } from './admin-routes.ts';
import { json, prefersJson } from './admin-routes.ts';
import { listenError } from './errors.ts';
import type { Readiness, WaitingGate } from './readiness.ts';

/** Gates that the text names; a kubelet keeps 10 KiB of it. JSON has all. */
const maxNamed = 50;

/**
 * `/healthz` (the process lives), `/readyz` (it should get traffic; else 503 and what it waits for, as text or as JSON),
 * `/metrics` (Prometheus).
 */
export function addCommonRoutes(
  routes: AdminRoutes,
  readiness: Readiness,
  metrics: Registry,
  readMetrics = () => metrics.metrics(),
): void {
  routes.get('/healthz', () => ({ type: 'text', body: 'ok\n' }));
  routes.get('/readyz', ({ headers }) => {
    const { isReady: ready, waiting } = readiness;
    const common = { status: ready ? 200 : 503, headers: { 'cache-control': 'no-store' } };
    if (prefersJson(headers)) return json({ ready, waiting }, common);
    return { ...common, type: 'text', body: ready ? 'ready\n' : notReady(waiting) };
  });
  routes.get('/metrics', async () => ({ type: metrics.contentType, body: await readMetrics() }));
}

function notReady(waiting: readonly WaitingGate[]): string {
  const lines = waiting.slice(0, maxNamed).map(({ gate, reason }) => `  ${gate}: ${reason}\n`);
  const rest = waiting.length - maxNamed;
  return `not ready, waits for\n${lines.join('')}${rest > 0 ? `  and ${rest} more\n` : ''}`;
}

/** A listening HTTP server and the address that it got. */
export interface HttpListener {
  server: Server;
  address: string;
  port: number;
  /** Stops accepting, lets requests in flight finish; when `signal` aborts, cuts what is left. */
  close(signal?: AbortSignal): Promise<void>;
}

/**
 * Serves an Express app (or any request handler) on a port.
 * @param option the flag that changes the port, named in the error when it is in use
 * @throws ServiceError PORT_IN_USE or CANNOT_LISTEN
 */
export async function listenHttp(
  handler: Parameters<typeof createServer>[1],
  at: { host: string; port: number; option: string },
): Promise<HttpListener> {
  const server = createServer(handler);
  server.listen(at.port, at.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, at.port, at.option);
  }
  const { address, port } = server.address() as AddressInfo;
  return { server, address, port, close: drainOf(server) };
}

/** `server.close()` alone would wait for connections on which nothing is being answered. */
function drainOf(server: Server): HttpListener['close'] {
  // Browsers open connections ahead of need, and node counts one as idle only after its first request.
  const withoutRequest = new Set<Socket>();
  const inFlight = new Set<ServerResponse>();
  server.on('connection', (socket: Socket) => {
    withoutRequest.add(socket);
    socket.once('close', () => withoutRequest.delete(socket));
  });
  server.on('request', (request, response) => {
    withoutRequest.delete(request.socket);
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
  });
  return async (signal) => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Else a client with keep-alive holds its connection for 5 s after its answer.
    for (const response of inFlight) if (!response.headersSent) response.setHeader('connection', 'close');
    for (const socket of withoutRequest) socket.destroy();
    server.closeIdleConnections();
    if (signal?.aborted) server.closeAllConnections();
    else signal?.addEventListener('abort', () => server.closeAllConnections(), { once: true });
    await closed;
  };
}
