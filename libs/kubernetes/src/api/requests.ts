import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { DiscoveryError } from '@evenly/endpoints';
import {
  Deadline,
  dropBody,
  parseJson,
  requestJson,
  textOf,
  unreachable,
  type JsonBody,
  type JsonServer,
} from '@evenly/endpoints/http';
import type { ApiServerAccess } from '../access/api-server-access.ts';
import { apiPath, type KindName, type Scope } from '../resource-kind.ts';
import { JsonLines } from '../watch/json-lines.ts';
import { Silence } from '../watch/silence.ts';
import { ApiRefusal } from './api-refusal.ts';

export interface RequestLimits {
  /** How long a request, or the start of a watch, may take; default 30 s. */
  requestTimeoutMs?: number;
  /** How long a watch lasts before it is renewed, the least of it; up to a quarter longer by chance. Default 240 s. */
  watchSeconds?: number;
  /** A server whose watches have all said nothing for so long is asked whether it is still there. Default 30 s. */
  quietMs?: number;
  /** Connections and timers do not keep the process alive: for clients, which end when their work is done. */
  unref?: boolean;
}

/** What each API server says to everybody who may come in. */
const versionPath = '/version';
/** Objects a page, and the most bytes that a page may have. */
const pageSize = 500;
const maxListBytes = 64 * 1024 * 1024;
/** A server that does not end a watch in time is given up. */
const watchGraceMs = 15_000;
/** That wait for an answer at a time; others queue. */
const maxConnections = 8;

const who = 'the API server';
const apiServer: JsonServer = {
  who,
  userAgent: 'evenly',
  refusal: (status, body, headers) => new ApiRefusal(status, body, headers['retry-after']),
};

/** What a request has beside its URL. */
interface Sent {
  body?: JsonBody | undefined;
  /** Absent = a connection of its own. */
  agent?: HttpAgent;
  /** Only to this server, of those that a kubeconfig has had. Absent = to any. */
  server?: string | undefined;
}

/** What a server has answered. */
interface Answer {
  body: unknown;
  server: string;
}

/** The requests to an API server, over HTTP. */
export class ApiRequests {
  readonly #access: ApiServerAccess;
  readonly #options: Required<RequestLimits>;
  /** Who writes, writes often: the handshakes would cost more than the writing. Watches have connections of their own. */
  readonly #kept: HttpAgent;
  readonly #silence: Silence;

  constructor(access: ApiServerAccess, options: RequestLimits = {}) {
    this.#access = access;
    this.#options = {
      requestTimeoutMs: 30_000,
      watchSeconds: 240,
      quietMs: 30_000,
      unref: false,
      ...options,
    };
    const Agent = access.server.startsWith('http:') ? HttpAgent : HttpsAgent;
    this.#kept = new Agent({ keepAlive: true, maxSockets: maxConnections, timeout: 60_000 });
    const { quietMs, unref } = this.#options;
    this.#silence = new Silence(quietMs, unref, () =>
      this.#json(versionPath, {}, new AbortController().signal),
    );
  }

  /** @throws ApiRefusal; DiscoveryError UNREACHABLE, INVALID, BAD_CONFIG */
  async list(
    kind: KindName,
    scope: Scope,
    continueToken: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const page = { limit: `${pageSize}`, ...(continueToken !== undefined && { continue: continueToken }) };
    // Not on a kept connection: one that the server has just closed would look like an outage.
    return this.#json(apiPath(kind, scope.namespace), { ...selectors(scope), ...page }, signal);
  }

  /**
   * Watches from a version of a server's on, until the server ends it, as it does after a few minutes, the connection breaks,
   * or the server is silent and does not answer when it is asked.
   * @param on.events may throw, which ends the watch
   * @throws as `list`, and what `on.events` throws
   */
  async watch(
    kind: KindName,
    scope: Scope,
    from: { resourceVersion: string; server: string },
    on: { open: () => void; events: (events: unknown[]) => void },
    signal: AbortSignal,
  ): Promise<void> {
    const seconds = Math.ceil(this.#options.watchSeconds * (1 + Math.random() / 4));
    const deadline = new Deadline(signal, this.#options.requestTimeoutMs, this.#options.unref);
    let opened = false;
    let stopGuard = () => {};
    try {
      const query = {
        ...selectors(scope),
        watch: '1',
        resourceVersion: from.resourceVersion,
        allowWatchBookmarks: 'true',
        timeoutSeconds: `${seconds}`,
      };
      const { response } = await this.#open(apiPath(kind, scope.namespace), query, deadline.signal, from);
      deadline.extend(seconds * 1000 + watchGraceMs);
      opened = true;
      on.open();
      this.#silence.heard();
      stopGuard = this.#silence.guard((error) => response.destroy(error));
      const lines = new JsonLines();
      for await (const chunk of response as AsyncIterable<Buffer>) {
        this.#silence.heard();
        on.events(lines.push(chunk));
      }
    } catch (error) {
      // A connection that breaks ends the watch like any other end: what matters is whether the next one can be opened.
      const broken = opened && !isDescribed(error) && !deadline.expired;
      if (!broken) throw this.#describe(error, deadline);
    } finally {
      stopGuard();
      deadline.clear();
    }
  }

  /**
   * Reads or writes one object.
   * @returns what the server has of it now
   * @throws as `list`
   */
  async send(path: string, body: JsonBody | undefined): Promise<unknown> {
    return (await this.#json(path, {}, new AbortController().signal, { body, agent: this.#kept })).body;
  }

  /**
   * Writes, where nobody asks what the server makes of it.
   * @throws as `list`
   */
  async write(path: string, body: JsonBody, query: Record<string, string>): Promise<void> {
    const { signal } = new AbortController();
    await this.#within(signal, async (inTime) => {
      const { response } = await this.#open(path, query, inTime, { body, agent: this.#kept });
      // In time, too: else a server that stops halfway would keep one of a few connections.
      await dropBody(response);
    });
  }

  /** Ends connections that are kept for more. */
  close(): void {
    this.#kept.destroy();
  }

  async #json(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
    sent: Sent = {},
  ): Promise<Answer> {
    return this.#within(signal, async (inTime) => {
      const { response, server } = await this.#open(path, query, inTime, sent);
      return { body: parseJson(await textOf(response, maxListBytes, who), who), server };
    });
  }

  async #within<T>(signal: AbortSignal, work: (inTime: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new Deadline(signal, this.#options.requestTimeoutMs, this.#options.unref);
    try {
      return await work(deadline.signal);
    } catch (error) {
      throw this.#describe(error, deadline);
    } finally {
      deadline.clear();
    }
  }

  async #open(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
    { body, agent, server: wanted }: Sent = {},
  ): Promise<{ response: IncomingMessage; server: string }> {
    // First, for a kubeconfig that has changed may lead to another server.
    const options: RequestOptions = await inTime(this.#access.requestOptions(), signal);
    const search = new URLSearchParams(query).toString();
    const { server } = this.#access;
    // The versions of another server's objects mean nothing there.
    if (wanted !== undefined && wanted !== server)
      throw new ApiRefusal(410, `the API server is ${server} now`);
    const url = new URL(`${server.replace(/\/$/, '')}${path}?${search}`);
    const { unref } = this.#options;
    // A kubeconfig brings an agent along that knows its proxy and certificates.
    if (agent !== undefined && !options.agent) options.agent = agent;
    const response = await requestJson(url, options, apiServer, { signal, unref, ...(body && { body }) });
    return { response, server };
  }

  #describe(error: unknown, deadline: Deadline): Error {
    if (isDescribed(error)) return error;
    return unreachable(`API server ${this.#access.server}`, error, deadline);
  }
}

/** An exec plugin that hangs must not hold up a request for ever. */
async function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () =>
      reject(new DiscoveryError('BAD_CONFIG', 'the credentials for the API server have not come in time'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function selectors({ labelSelector, fieldSelector }: Scope): Record<string, string> {
  return {
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
}

/** True for what says already what is wrong, as against an error of the connection. */
function isDescribed(error: unknown): error is DiscoveryError | ApiRefusal {
  return error instanceof DiscoveryError || error instanceof ApiRefusal;
}
