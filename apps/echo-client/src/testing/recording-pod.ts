import { promisify } from 'node:util';
import { Server, ServerCredentials, type Metadata } from '@grpc/grpc-js';
import { EchoServerService, type EchoServerServer } from '@evenly/proto/echo/echo';

/** A pod in this process that keeps what it is asked, and answers as pod-1. */
export async function recordingPod(at: { port?: number } = {}) {
  const requests: { name: string; metadata: Metadata; deadlineMs: number }[] = [];
  const server = new Server();
  const service: EchoServerServer = {
    sayHello: (call, callback) => {
      const deadlineMs = Number(call.getDeadline()) - Date.now();
      requests.push({ name: call.request.name, metadata: call.metadata, deadlineMs });
      callback(null, { message: 'Hello you  from hostname pod-1' });
    },
    sayHelloStream: (call) => call.end(),
  };
  server.addService(EchoServerService, service);
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind(`127.0.0.1:${at.port ?? 0}`, ServerCredentials.createInsecure());
  return { port, target: `ipv4:127.0.0.1:${port}`, requests, stop: () => server.forceShutdown() };
}
