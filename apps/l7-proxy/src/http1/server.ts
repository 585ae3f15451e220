import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientOf, HeaderBlock, type HeaderInput, type MemoryBudget, type MemoryShare } from '@evenly/http2';
import type { Peer } from '../listener/acceptor.ts';
import type { ClientStreamOwner } from '../call/client-side.ts';
import { isGrpcContentType } from '../routing/request-plan.ts';
import { allowedOrigin, isPreflight, preflightResponse, type CorsPolicy } from '../grpc-web/cors.ts';
import { webEncodingOf } from '../grpc-web/protocol.ts';
import { WebCall } from '../grpc-web/web-call.ts';
import { Http1ClientSide } from './client-side.ts';
import { Http1Connection } from './connection.ts';
import { hasContent, maxHeaderFields, readRequest, readTrailers } from './request.ts';
import { Http1Transport } from './transport.ts';

export interface Http1ServerOptions {
  /** gRPC-Web is taken; undefined: such requests are like any other. */
  cors: CorsPolicy | undefined;
  /** Requests that are no gRPC-Web are taken. */
  plain: boolean;
  /** Of the process: what is read ahead of endpoints counts in it. */
  budget: MemoryBudget;
  headersTimeoutMs: number;
  uploadStallTimeoutMs: number;
  /** Starts the call that a gRPC-Web request means. */
  startWeb: (webCall: WebCall, block: HeaderBlock, peer: Peer) => void;
  /** Starts the call that any other request is. @param ended it has no content */
  startPlain: (side: Http1ClientSide, block: HeaderBlock, ended: boolean, peer: Peer) => void;
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

/** HTTP/1.1, for plain HTTP and for gRPC-Web, as listeners allow it. One request at a time of a connection. */
export class Http1Server {
  readonly #options: Http1ServerOptions;
  readonly #server: Server;
  readonly #clients = new Map<Http1Connection, Client>();
  readonly #responding = new Set<ServerResponse>();
  #draining = false;

  constructor(options: Http1ServerOptions) {
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
    const { cors, plain } = this.#options;
    if (cors !== undefined && isPreflight(block)) {
      const { status, fields } = preflightResponse(block, cors);
      return respond(response, status, fields);
    }
    const contentType = block.get('content-type');
    const encoding = cors === undefined ? undefined : webEncodingOf(contentType);
    if (encoding === undefined && !plain)
      return respond(response, 415, [], 'over HTTP/1.1 this port takes gRPC-Web only');
    if (encoding === undefined && isGrpcContentType(contentType))
      return respond(response, 415, [], 'gRPC needs HTTP/2');
    if (share.refusesWork)
      return respond(response, 503, [], 'memory is scarce, and this client has most of it');
    const transport = new Http1Transport(request, response, share, (bytes) => owner.onResponseSent(bytes));
    let owner: ClientStreamOwner;
    if (cors !== undefined && encoding !== undefined) {
      if (expects === 'continue') response.writeContinue();
      const webCall = new WebCall(transport, encoding, block.get('accept'), allowedOrigin(block, cors));
      owner = webCall;
      receive(request, transport, client, owner);
      return this.#options.startWeb(webCall, block, peer);
    }
    const side = new Http1ClientSide(transport, block.asRequest().method);
    owner = side;
    const ended = !hasContent(request);
    if (ended) client.cancel = () => side.onClientReset();
    else receive(request, transport, client, side, () => readTrailers(request));
    this.#options.startPlain(side, block, ended, peer);
    // Not before it is routed: who is refused need not send the content (RFC 9110 §10.1.1).
    if (expects === 'continue' && !side.hasResponded) response.writeContinue();
  }
}

const nothing = Buffer.alloc(0);

/** Hands the content of a request on. @param trailers asked for at its end; absent: there shall be none */
function receive(
  request: IncomingMessage,
  transport: Http1Transport,
  client: Client,
  owner: ClientStreamOwner,
  trailers?: () => HeaderBlock | undefined,
): void {
  client.cancel = () => owner.onClientReset();
  request.on('data', (chunk: Buffer) => {
    if (transport.received(chunk.length)) owner.onRequestData(chunk, 0, chunk.length, false);
  });
  request.on('end', () => {
    const block = trailers?.();
    if (block === undefined) owner.onRequestData(nothing, 0, 0, true);
    else owner.onRequestTrailers(block);
  });
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
