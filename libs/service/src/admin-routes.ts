import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import Negotiator from 'negotiator';

/**
 * The admin server's routes, on node:http alone: for a handful of paths Express, with its parsers of bodies and its tables of all media
 * types, took a seventh of the CPU of a start and 4 MiB of memory.
 */

export interface AdminRequest {
  headers: IncomingHttpHeaders;
  query: URLSearchParams;
  /** @returns undefined when there is more than that */
  text(maxBytes: number): Promise<string | undefined>;
}

export interface AdminResponse {
  /** Default: 200. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** The whole content type, or one of the names for it. */
  type: keyof typeof contentTypes | (string & {});
  body: string;
}

export type AdminHandler = (request: AdminRequest) => AdminResponse | Promise<AdminResponse>;

/** What Express and node:http take. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const contentTypes = {
  text: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

export class AdminRoutes {
  readonly #handlers = new Map<string, AdminHandler>();
  readonly #onError: (error: unknown, path: string) => void;

  /** @param onError told of what a handler threw; who asked gets 500 */
  constructor(onError: (error: unknown, path: string) => void) {
    this.#onError = onError;
  }

  get(path: string, handler: AdminHandler): void {
    this.#handlers.set(`GET ${path}`, handler);
    this.#handlers.set(`HEAD ${path}`, handler);
  }

  patch(path: string, handler: AdminHandler): void {
    this.#handlers.set(`PATCH ${path}`, handler);
  }

  /** Answers, or leaves to the next whoever asks for something else: an app of Express may be given it. */
  readonly handle: Middleware = (request, response, next) => {
    const { method = 'GET', url = '/', headers } = request;
    const [path = '/', query] = url.split('?', 2);
    const handler = this.#handlers.get(`${method} ${path.replace(/(.)\/$/, '$1')}`);
    if (handler === undefined) return next();
    const text = (maxBytes: number) => textOf(request, maxBytes);
    Promise.resolve({ headers, query: new URLSearchParams(query), text })
      .then(handler)
      .catch((error: unknown): AdminResponse => {
        this.#onError(error, path);
        return { status: 500, type: 'text', body: 'something went wrong here; the log says what\n' };
      })
      .then((answer) => send(response, answer))
      // The answer itself may be what node refuses.
      .catch((error: unknown) => {
        this.#onError(error, path);
        response.destroy();
      });
  };
}

export function send(response: ServerResponse, { status = 200, headers, type, body }: AdminResponse): void {
  response.writeHead(status, {
    ...headers,
    'content-type': contentTypes[type as keyof typeof contentTypes] ?? type,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

export function json(body: unknown, rest: Pick<AdminResponse, 'status' | 'headers'> = {}): AdminResponse {
  return { ...rest, type: 'json', body: JSON.stringify(body) };
}

async function textOf(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });
}

/** Whether an `Accept` asks for JSON rather than for text. */
export function prefersJson(headers: IncomingHttpHeaders): boolean {
  return new Negotiator({ headers }).mediaType(['text/plain', 'application/json']) === 'application/json';
}
