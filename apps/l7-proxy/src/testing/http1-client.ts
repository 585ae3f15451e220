import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { oneService, startProxy, type RunningProxy } from './harness.ts';
import { grpcMessage, scriptedBackend, type BackendScript } from './scripted-backend.ts';

/*
 * gRPC-Web by HTTP/1.1, byte by byte.
 */

export async function webProxyBefore(script: BackendScript, flags: readonly string[] = []) {
  const backend = await scriptedBackend(script);
  const proxy = await startProxy(oneService([backend.address]), ['--grpc-web', ...flags]);
  return {
    backend,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await backend.close();
    },
  };
}

/** A client's socket, which ends with the test, and what it has read so far. */
export async function http1Client(proxy: RunningProxy, allowHalfOpen = false) {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen }).on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'connect');
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return { socket, closed, response: () => text, responses: () => text.split('HTTP/1.1 200').length - 1 };
}

/** One message. */
export const webBody = grpcMessage(Buffer.from('ping'));
export const webPath = '/echo.EchoServer/SayHello';

export interface RequestParts {
  target?: string;
  version?: string;
  fields?: readonly string[];
  content?: Buffer;
}

/** A good request, but for what a test says. */
export function webRequest(parts: RequestParts = {}): Buffer {
  const { target = webPath, version = '1.1', content = webBody } = parts;
  const fields = parts.fields ?? ['host: echo', `content-length: ${content.length}`];
  const head = [`POST ${target} HTTP/${version}`, 'content-type: application/grpc-web', ...fields];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), content]);
}

export const callsUnderWay = (proxy: RunningProxy) => proxy.status().services[0]!.underWay;
export const connectionsOf = (proxy: RunningProxy) => proxy.status().listeners[0]!.connections;
