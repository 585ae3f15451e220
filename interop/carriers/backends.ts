import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

/** gRPC servers that answer every call, whatever its path, with the name of their service; or with UNAVAILABLE. */
export class Backends implements AsyncDisposable {
  readonly #servers = new Map<string, { server: Http2Server; port: number }>();

  static async start(services: readonly string[], failing: readonly string[] = []): Promise<Backends> {
    const backends = new Backends();
    for (const service of services) await backends.#start(service, answer);
    for (const service of failing) await backends.#start(service, fail);
    return backends;
  }

  /** `127.0.0.1:PORT` */
  addressOf(service: string): string {
    return `127.0.0.1:${this.#servers.get(service)!.port}`;
  }

  async #start(service: string, end: (stream: ServerHttp2Stream, service: string) => void): Promise<void> {
    const server = createServer();
    server.on('stream', (stream) => {
      stream.on('error', () => {}); // the caller is gone
      end(stream, service);
      stream.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#servers.set(service, { server, port: (server.address() as AddressInfo).port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server } of this.#servers.values()) await promisify(server.close.bind(server))();
  }
}

const head = { ':status': 200, 'content-type': 'application/grpc' };

function answer(stream: ServerHttp2Stream, service: string): void {
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(grpcMessage(service));
}

function fail(stream: ServerHttp2Stream): void {
  stream.respond({ ...head, 'grpc-status': '14' }, { endStream: true });
}

function grpcMessage(text: string): Buffer {
  const content = Buffer.from(text);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(content.length, 1);
  return Buffer.concat([prefix, content]);
}
