import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Router } from 'express';
import type { Registry } from 'prom-client';
import { listenError } from './errors.ts';
import type { Readiness } from './readiness.ts';

/** `/healthz` (the process lives), `/readyz` (it should get traffic; else 503 and why), `/metrics` (Prometheus). */
export function adminRouter(readiness: Readiness, metrics: Registry): Router {
  const router = express.Router();
  router.get('/healthz', (_request, response) => {
    response.type('text').send('ok\n');
  });
  router.get('/readyz', (_request, response) => {
    const missing = readiness.missing;
    response.type('text').status(missing.length === 0 ? 200 : 503);
    response.send(missing.length === 0 ? 'ready\n' : `not ready: ${missing.join(', ')}\n`);
  });
  router.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.metrics());
  });
  return router;
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
  const close = async (signal?: AbortSignal) => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    signal?.addEventListener('abort', () => server.closeAllConnections(), { once: true });
    await closed;
  };
  return { server, address, port, close };
}
