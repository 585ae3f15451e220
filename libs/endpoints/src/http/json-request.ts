import { readFile } from 'node:fs/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { DiscoveryError } from '../errors.ts';
import type { Deadline } from './deadline.ts';

/** A server that is asked for JSON, as messages call it. */
export interface JsonServer {
  /** `the API server` */
  who: string;
  /** What it sees of who asks. */
  userAgent: string;
  /** What it answers when it refuses, as an error. */
  refusal: (status: number, body: string, headers: IncomingMessage['headers']) => Error;
}

/** What is written, instead of read. */
export interface JsonBody {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The content type, some form of JSON. */
  type: string;
  value: object;
}

const maxErrorBytes = 64 * 1024;
/** A peer that vanished without a word is noticed 10 s after that (libuv: 10 probes, 1 s apart), not after minutes. */
const keepAliveMs = 15_000;

/**
 * @param unref the connection does not keep the process alive
 * @param body absent = GET
 * @returns the response, whose body is JSON and still to come
 * @throws what the connection says; the server's refusal; DiscoveryError INVALID
 */
export async function requestJson(
  url: URL,
  options: RequestOptions,
  { who, userAgent, refusal }: JsonServer,
  { signal, unref, body }: { signal: AbortSignal; unref: boolean; body?: JsonBody },
): Promise<IncomingMessage> {
  const bytes = body && Buffer.from(JSON.stringify(body.value));
  const headers = {
    ...options.headers,
    accept: 'application/json',
    'user-agent': userAgent,
    ...(bytes && { 'content-type': body.type, 'content-length': bytes.length }),
  };
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const request = send(url, { ...options, ...(body && { method: body.method }), headers });
  request.on('socket', (socket) => {
    socket.setKeepAlive(true, keepAliveMs);
    if (unref) socket.unref();
  });
  endOnAbort(request, signal);
  request.end(bytes);
  const response = await responseTo(request);
  const { statusCode = 0 } = response;
  const type = response.headers['content-type'] ?? 'no content type';
  if (isSuccess(statusCode) && type.startsWith('application/json')) return response;
  const text = await textOf(response, maxErrorBytes, who).catch(() => '');
  if (!isSuccess(statusCode)) throw refusal(statusCode, text, response.headers);
  const start = JSON.stringify(text.slice(0, 80));
  throw new DiscoveryError('INVALID', `${who} answers ${type} instead of JSON: ${start}`);
}

/** 201: made; 202: will be deleted. */
const isSuccess = (statusCode: number) => statusCode >= 200 && statusCode <= 202;

// A status is written for each of hundreds of routes at a time. Node's own `signal`, `once` and iterators of streams take half
// as much CPU again as all else of a request.

function endOnAbort(request: ClientRequest, signal: AbortSignal): void {
  const onAbort = () => void request.destroy(new Error('the request was given up'));
  if (signal.aborted) return onAbort();
  signal.addEventListener('abort', onAbort);
  // Comes behind the end of the response.
  request.on('close', () => signal.removeEventListener('abort', onAbort));
}

const responseTo = (request: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => void request.on('response', resolve).on('error', reject));

/** @throws DiscoveryError INVALID for a longer one; what the connection says */
export function textOf(response: IncomingMessage, maxBytes: number, who: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else
        response.destroy(new DiscoveryError('INVALID', `${who}'s response has more than ${maxBytes} bytes`));
    });
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.on('error', reject);
  });
}

/**
 * Of a response whose status says all. Its connection can be used again when it has come in whole.
 * @throws what the connection says
 */
export function dropBody(response: IncomingMessage): Promise<void> {
  response.resume();
  return new Promise((resolve, reject) => void response.on('end', resolve).on('error', reject));
}

/** @throws DiscoveryError INVALID */
export function parseJson(text: string, who: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${who} sent what is no JSON: ${JSON.stringify(text.slice(0, 80))}`;
    throw new DiscoveryError('INVALID', message, { cause });
  }
}

/** Why nothing came. @param where the server, with its address */
export function unreachable(where: string, error: unknown, deadline: Deadline): DiscoveryError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = deadline.expired ? `no response within ${deadline.ms} ms` : (code ?? message);
  return new DiscoveryError('UNREACHABLE', `${where}: ${reason}`, { cause: error });
}

/**
 * A token or certificate. Read for each request, so that one that is renewed is never stale.
 * @throws DiscoveryError BAD_CONFIG
 */
export async function readCredential(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new DiscoveryError('BAD_CONFIG', `cannot read credentials: ${(cause as Error).message}`, { cause });
  }
}
