import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { headerList, type HeaderBlock, type HeaderInput } from '@evenly/http2';
import type { Peer } from '../listener/acceptor.ts';
import { allowedOrigin, isPreflight, preflightAnswer, type CorsPolicy } from './cors.ts';
import { Http1WebTransport } from './http1-transport.ts';
import { webEncodingOf } from './protocol.ts';
import { WebCall } from './web-call.ts';

export interface WebServerOptions {
  cors: CorsPolicy;
  /** Starts the call that a request means. */
  start: (webCall: WebCall, block: HeaderBlock, peer: Peer) => void;
  onClosed: (socket: Socket) => void;
  /** A client broke HTTP/1.1, or was too slow. */
  onFailed: (reason: string) => void;
}

/** As of an HTTP/2 connection: see `defaultLimits` of the engine. */
const limits = {
  maxHeaderSize: 61_440,
  headersTimeout: 10_000,
  // Browsers send a request as a whole.
  requestTimeout: 300_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1000,
} as const;
const maxHeaderFields = 100;

/** Of one connection (RFC 9110 §7.6.1): they end here. */
const connectionFields: ReadonlySet<string> = new Set(
  'connection keep-alive proxy-connection transfer-encoding upgrade http2-settings host te expect'.split(' '),
);

/** HTTP/1.1, for gRPC-Web and nothing else: browsers speak no HTTP/2 without TLS. */
export class WebServer {
  readonly #options: WebServerOptions;
  readonly #server: Server;
  readonly #peers = new Map<Socket, Peer>();
  readonly #answering = new Set<ServerResponse>();
  #draining = false;

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#server = createServer({ ...limits, joinDuplicateHeaders: true }, (request, response) =>
      this.#onRequest(request, response),
    );
    this.#server.maxHeadersCount = maxHeaderFields + 1;
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code !== 'ECONNRESET') options.onFailed(error.message);
      const answer = 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n';
      if (socket.writable) socket.end(answer, () => socket.destroy());
      else socket.destroy();
    });
    // The server listens nowhere: the listener hands it connections. Its time-outs start with this event, though.
    this.#server.emit('listening');
  }

  get connectionCount(): number {
    return this.#peers.size;
  }

  accept(socket: Socket, peer: Peer): void {
    this.#peers.set(socket, peer);
    socket.once('close', () => {
      this.#peers.delete(socket);
      this.#options.onClosed(socket);
    });
    this.#server.emit('connection', socket);
    socket.resume();
  }

  /** Each connection ends with the answer that is under way on it. */
  drain(): void {
    this.#draining = true;
    for (const response of this.#answering) response.shouldKeepAlive = false;
    this.#server.closeIdleConnections();
  }

  cut(): void {
    for (const socket of [...this.#peers.keys()]) socket.destroy();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const peer = this.#peers.get(request.socket);
    if (peer === undefined) return void request.socket.destroy();
    if (this.#draining) response.shouldKeepAlive = false;
    this.#answering.add(response);
    response.on('close', () => {
      this.#answering.delete(response);
      // Its headers may have left before the drain began, and have promised a connection that stays.
      if (this.#draining) setImmediate(() => this.#server.closeIdleConnections());
    });
    const block = blockOf(request, peer);
    if (typeof block === 'string') return answer(response, 400, [], block);
    if (isPreflight(block)) {
      const { status, fields } = preflightAnswer(block, this.#options.cors);
      return answer(response, status, fields);
    }
    const encoding = webEncodingOf(block.get('content-type'));
    if (encoding === undefined)
      return answer(response, 415, [], 'over HTTP/1.1 this port takes gRPC-Web only');
    const transport = new Http1WebTransport(request, response, (bytes) => webCall.onAnswerSent(bytes));
    const webCall = new WebCall(
      transport,
      encoding,
      block.get('accept'),
      allowedOrigin(block, this.#options.cors),
    );
    request.on('data', (chunk: Buffer) => {
      transport.received(chunk.length);
      webCall.onRequestData(chunk, 0, chunk.length, false);
    });
    request.on('end', () => webCall.onRequestData(Buffer.alloc(0), 0, 0, true));
    request.on('error', () => {}); // 'close' of the response follows
    response.on('close', () => {
      if (!response.writableFinished) webCall.onClientReset();
    });
    this.#options.start(webCall, block, peer);
  }
}

function answer(response: ServerResponse, status: number, fields: readonly HeaderInput[], text = ''): void {
  const body = text === '' ? '' : `${text}\n`;
  const type = text === '' ? [] : [['content-type', 'text/plain; charset=utf-8'] as const];
  const length = status === 204 ? [] : [['content-length', String(body.length)] as const];
  response.writeHead(
    status,
    [...fields, ...type, ...length].flatMap(([name, value]) => [name, value]),
  );
  response.end(body);
}

/** The request's headers as HTTP/2 has them. @returns text: why they cannot be used */
function blockOf(request: IncomingMessage, { encrypted }: Peer): HeaderBlock | string {
  const { rawHeaders, method = '', url = '', headers } = request;
  if (rawHeaders.length > maxHeaderFields * 2) return 'too many header fields';
  const inputs: HeaderInput[] = [
    [':method', method],
    [':scheme', encrypted ? 'https' : 'http'],
    [':path', url],
    [':authority', headers.host ?? ''],
  ];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (!connectionFields.has(name)) inputs.push([name, rawHeaders[index + 1]!]);
  }
  try {
    const block = headerList(inputs);
    return block.asRequest().problem ?? block;
  } catch (error) {
    return (error as Error).message;
  }
}
