import { EchoServerService } from '@evenly/proto/echo/echo';
import type { status } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';

export interface FailingServer {
  port: number;
  /** Calls that came. */
  calls: number;
  stop: () => void;
}

/** A server that ends every call with this status, at once. */
export async function startFailingServer(code: status): Promise<FailingServer> {
  const server = new Server();
  const failing: FailingServer = { port: 0, calls: 0, stop: () => server.forceShutdown() };
  const fail = (_call: unknown, callback: (error: object) => void) => {
    failing.calls++;
    callback({ code, details: 'this server fails every call' });
  };
  server.addService(EchoServerService, { sayHello: fail });
  failing.port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  return failing;
}
