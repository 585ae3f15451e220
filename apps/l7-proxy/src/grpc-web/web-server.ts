import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientOf, HeaderBlock, type HeaderInput, type MemoryBudget, type MemoryShare } from '@evenly/http2';
import type { Peer } from '../listener/acceptor.ts';
import { allowedOrigin, isPreflight, preflightResponse, type CorsPolicy } from './cors.ts';
import { Http1Connection } from './http1-connection.ts';
import { maxHeaderFields, readRequest } from './http1-request.ts';
import { Http1WebTransport } from './http1-transport.ts';
import { webEncodingOf } from './protocol.ts';
import { WebCall } from './web-call.ts';

export interface WebServerOptions {
  cors: CorsPolicy;
  /** Of the process: what is read ahead of endpoints counts in it. */
  budget: MemoryBudget;
  headersTimeoutMs: number;
  uploadStallTimeoutMs: number;
  /** Starts the call that a request means. */
  start: (webCall: WebCall, block: HeaderBlock, peer: Peer) => void;
  onClosed: () => void;
  /** A client broke HTTP/1.1, or was too slow. */
  onFailed: (reason: string) => void;
}

/** As of an HTTP/2 connection: see `defaultLimits` of the engine. */
const limits = {
  maxHeaderSize: 61_440,
  // Browsers send a request as a whole.
  requestTimeout: 300_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1000,
  insecureHTTPParser: false,
  // We say it ourselves, in turn.
  requireHostHeader: false,
} as const;

interface Client {
  peer: Peer;
  share: MemoryShare;
  /** Of the request whose turn it is: the connection is gone. */
  cancel: (() => void) | undefined;
}

/** What a client expects before it sends the content (RFC 9110 §10.1.1): to be told to, or what nobody knows. */
type Expectation = 'nothing' | 'continue' | 'unknown';

/** HTTP/1.1, for gRPC-Web and nothing else: browsers speak no HTTP/2 without TLS. One request at a time of a connection. */
export class WebServer {
  readonly #options: WebServerOptions;
  readonly #server: Server;
  readonly #clients = new Map<Http1Connection, Client>();
  readonly #responding = new Set<ServerResponse>();
  #draining = false;

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#server = createServer({ ...limits, headersTimeout: options.headersTimeoutMs });
    const onRequest = (expects: Expectation) => (request: IncomingMessage, response: ServerResponse) =>
      this.#onRequest(request, response, expects);
    // Node answers the last two by itself, out of turn, where nobody listens.
    this.#server.on('request', onRequest('nothing'));
    this.#server.on('checkContinue', onRequest('continue'));
    this.#server.on('checkExpectation', onRequest('unknown'));
    this.#server.maxHeadersCount = maxHeaderFields + 1;
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code !== 'ECONNRESET') options.onFailed(error.message);
      const refusal = 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n';
      if (socket.writable) socket.end(refusal, () => socket.destroy());
      else socket.destroy();
    });
    // The server listens nowhere: the listener hands it connections. Its time-outs start with this event, though.
    this.#server.emit('listening');
  }

  get connectionCount(): number {
    return this.#clients.size;
  }

  accept(socket: Socket, peer: Peer): void {
    const share = this.#options.budget.share(clientOf(peer.address));
    const connection = new Http1Connection(socket, share, {
      pausedTimeoutMs: this.#options.headersTimeoutMs,
      uploadStallTimeoutMs: this.#options.uploadStallTimeoutMs,
      onFailed: this.#options.onFailed,
    });
    const client: Client = { peer, share, cancel: undefined };
    this.#clients.set(connection, client);
    connection.once('close', () => {
      this.#clients.delete(connection);
      client.cancel?.();
      this.#options.onClosed();
    });
    this.#server.emit('connection', connection);
    socket.resume();
  }

  /** Each connection ends with the response that is under way on it. */
  drain(): void {
    this.#draining = true;
    for (const response of this.#responding) response.shouldKeepAlive = false;
    this.#server.closeIdleConnections();
  }

  cut(): void {
    for (const connection of [...this.#clients.keys()]) connection.destroy();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, expects: Expectation): void {
    const connection = request.socket as unknown as Http1Connection;
    const client = this.#clients.get(connection);
    if (client === undefined) return void connection.destroy();
    request.on('error', () => {}); // the connection's 'close' follows
    connection.inTurn(() => {
      if (this.#draining) response.shouldKeepAlive = false;
      this.#responding.add(response);
      response.once('finish', () => {
        client.cancel = undefined;
        connection.responded();
      });
      response.once('close', () => {
        this.#responding.delete(response);
        // Its headers may have left before the drain began, and have promised a connection that stays.
        if (this.#draining) setImmediate(() => this.#server.closeIdleConnections());
      });
      this.#begin(request, response, client, expects);
    });
  }

  #begin(request: IncomingMessage, response: ServerResponse, client: Client, expects: Expectation): void {
    const { peer, share } = client;
    const block = readRequest(request, peer.encrypted ? 'https' : 'http');
    if (!(block instanceof HeaderBlock)) {
      // Where its content ends is not sure, so nothing behind it is read (RFC 9112 §6.3).
      response.shouldKeepAlive = false;
      return respond(response, block.status, [], block.reason);
    }
    if (expects !== 'nothing') response.shouldKeepAlive = expects === 'continue' && response.shouldKeepAlive;
    if (expects === 'unknown')
      return respond(response, 417, [], 'of expectations only 100-continue is known');
    if (isPreflight(block)) {
      const { status, fields } = preflightResponse(block, this.#options.cors);
      return respond(response, status, fields);
    }
    const encoding = webEncodingOf(block.get('content-type'));
    if (encoding === undefined)
      return respond(response, 415, [], 'over HTTP/1.1 this port takes gRPC-Web only');
    if (share.refusesWork)
      return respond(response, 503, [], 'memory is scarce, and this client has most of it');
    if (expects === 'continue') response.writeContinue();
    const onSent = (bytes: number) => webCall.onResponseSent(bytes);
    const transport = new Http1WebTransport(request, response, share, onSent);
    const webCall = new WebCall(
      transport,
      encoding,
      block.get('accept'),
      allowedOrigin(block, this.#options.cors),
    );
    client.cancel = () => webCall.onClientReset();
    request.on('data', (chunk: Buffer) => {
      if (transport.received(chunk.length)) webCall.onRequestData(chunk, 0, chunk.length, false);
    });
    request.on('end', () => webCall.onRequestData(Buffer.alloc(0), 0, 0, true));
    this.#options.start(webCall, block, peer);
  }
}

function respond(response: ServerResponse, status: number, fields: readonly HeaderInput[], text = ''): void {
  const body = text === '' ? '' : `${text}\n`;
  const type = text === '' ? [] : [['content-type', 'text/plain; charset=utf-8'] as const];
  const length = status === 204 ? [] : [['content-length', String(body.length)] as const];
  response.writeHead(
    status,
    [...fields, ...type, ...length].flatMap(([name, value]) => [name, value]),
  );
  response.end(body);
}
