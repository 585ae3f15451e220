import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { DiscoveryError } from '@evenly/endpoints';
import type { Deadline } from './deadline.ts';

/** A server that is asked for JSON, as messages call it. */
export interface JsonServer {
  /** `the API server` */
  who: string;
  /** What it answers when it refuses, as an error. */
  refusal: (status: number, body: string, headers: IncomingMessage['headers']) => Error;
}

const maxErrorBytes = 64 * 1024;
/** A peer that vanished without a word is noticed 10 s after that (libuv: 10 probes, 1 s apart), not after minutes. */
const keepAliveMs = 15_000;

/**
 * @param unref the connection does not keep the process alive
 * @returns the response, whose body is JSON and still to come
 * @throws what the connection says; the server's refusal; DiscoveryError INVALID
 */
export async function getJson(
  url: URL,
  options: RequestOptions,
  { who, refusal }: JsonServer,
  { signal, unref }: { signal: AbortSignal; unref: boolean },
): Promise<IncomingMessage> {
  const headers = { ...options.headers, accept: 'application/json', 'user-agent': 'evenly-discovery' };
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const request = send(url, { ...options, headers, signal });
  request.on('socket', (socket) => {
    socket.setKeepAlive(true, keepAliveMs);
    if (unref) socket.unref();
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { statusCode = 0 } = response;
  const type = response.headers['content-type'] ?? 'no content type';
  if (statusCode === 200 && type.startsWith('application/json')) return response;
  const text = await textOf(response, maxErrorBytes, who).catch(() => '');
  if (statusCode !== 200) throw refusal(statusCode, text, response.headers);
  const start = JSON.stringify(text.slice(0, 80));
  throw new DiscoveryError('INVALID', `${who} answers ${type} instead of JSON: ${start}`);
}

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
