import { once } from 'node:events';
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

export type HttpVersion = 'http1' | 'http2';

export interface HttpBackend extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  address: string;
  /** Those that have come, the last one at the end. */
  requests: IncomingMessage[];
  /** Open ones. */
  sockets: Set<Socket>;
  /** All that there were. */
  connections: number;
}

/** A server of Node's that does what a test says. What it answers with is of node:http, or of node:http2 in the same form. */
export async function httpBackend(
  version: HttpVersion,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<HttpBackend> {
  const sockets = new Set<Socket>();
  const backend = { requests: [] as IncomingMessage[], connections: 0 };
  const taken = (request: IncomingMessage, response: ServerResponse) => {
    backend.requests.push(request);
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    onRequest(request, response);
  };
  const server =
    version === 'http1'
      ? createHttp1(taken)
      : createHttp2((request, response) =>
          taken(request as unknown as IncomingMessage, response as unknown as ServerResponse),
        );
  server.on('connection', (socket: Socket) => {
    backend.connections++;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    requests: backend.requests,
    sockets,
    get connections() {
      return backend.connections;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
