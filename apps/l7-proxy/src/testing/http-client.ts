import { once } from 'node:events';
import { request as requestHttp1, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import type { HttpVersion } from './http-backend.ts';

export interface HttpRequest {
  method?: string;
  path?: string;
  host?: string;
  headers?: Record<string, string>;
  /** Undefined: none. */
  content?: string | Buffer | readonly Buffer[];
  trailers?: Record<string, string>;
}

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  trailers: Record<string, unknown>;
}

/** Asks as a client of Node's does, over a connection of its own. @throws Error when the response breaks off */
export async function ask(
  version: HttpVersion,
  port: number,
  request: HttpRequest = {},
): Promise<HttpResponse> {
  return version === 'http1' ? askHttp1(port, request) : askHttp2(port, request);
}

async function askHttp1(port: number, request: HttpRequest): Promise<HttpResponse> {
  const { method = 'GET', path = '/', host = 'shop', headers = {}, trailers } = request;
  const message: ClientRequest = requestHttp1({
    ...{ host: '127.0.0.1', port, method, path, agent: false },
    headers: { host, ...(trailers === undefined ? {} : { 'transfer-encoding': 'chunked' }), ...headers },
  });
  const responded = once(message, 'response') as Promise<[IncomingMessage]>;
  write(message, request, () => message.addTrailers(trailers ?? {}));
  const [response] = await responded;
  const body = await text(response);
  const { statusCode: status = 0, headers: received, trailers: ended } = response;
  return { status, headers: received, text: body, trailers: { ...ended } };
}

async function askHttp2(port: number, request: HttpRequest): Promise<HttpResponse> {
  const { method = 'GET', path = '/', host = 'shop', headers = {}, content, trailers } = request;
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  try {
    const stream: ClientHttp2Stream = session.request(
      { ':method': method, ':path': path, ':authority': host, ...headers },
      { endStream: content === undefined && trailers === undefined, waitForTrailers: trailers !== undefined },
    );
    let ended: Record<string, unknown> = {};
    stream.on('trailers', (fields: IncomingHttpHeaders) => (ended = { ...fields }));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers!));
    const responded = once(stream, 'response') as Promise<[IncomingHttpHeaders]>;
    if (content !== undefined || trailers !== undefined) write(stream, request, () => undefined);
    const [received] = await responded;
    const body = await text(stream as Readable);
    return { status: Number(received[':status']), headers: received, text: body, trailers: ended };
  } finally {
    session.destroy();
  }
}

function write(message: ClientRequest | ClientHttp2Stream, { content }: HttpRequest, last: () => void): void {
  message.on('error', () => undefined); // 'response' does not come then, or the content breaks off
  const pieces = content === undefined ? [] : Array.isArray(content) ? content : [content];
  for (const piece of pieces as readonly (string | Buffer)[]) message.write(piece);
  last();
  message.end();
}
