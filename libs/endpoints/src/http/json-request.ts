import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
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
  const request = send(url, { ...options, ...(body && { method: body.method }), headers, signal });
  request.on('socket', (socket) => {
    socket.setKeepAlive(true, keepAliveMs);
    if (unref) socket.unref();
  });
  request.end(bytes);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
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

/** @throws DiscoveryError INVALID for a longer one; what the connection says */
export async function textOf(response: IncomingMessage, maxBytes: number, who: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new DiscoveryError('INVALID', `${who}'s response has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
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
