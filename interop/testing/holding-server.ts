import { EchoServerService } from '@evenly/proto/echo/echo';
import { Server, ServerCredentials } from '@grpc/grpc-js';

export interface HoldingServer {
  port: number;
  /** The most calls that were under way at a time. */
  most: number;
  stop: () => void;
}

/** A server that answers no call. */
export async function startHoldingServer(): Promise<HoldingServer> {
  const server = new Server();
  const holding: HoldingServer = { port: 0, most: 0, stop: () => server.forceShutdown() };
  let held = 0;
  const hold = (call: { on: (event: 'cancelled', listener: () => void) => void }) => {
    holding.most = Math.max(holding.most, ++held);
    call.on('cancelled', () => held--);
  };
  server.addService(EchoServerService, { sayHello: hold });
  holding.port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  return holding;
}
