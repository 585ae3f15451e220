import type { IncomingMessage } from 'node:http';
import { DiscoveryError } from '@evenly/endpoints';
import { Deadline } from '../http/deadline.ts';
import { getJson, parseJson, textOf, unreachable, type JsonServer } from '../http/json-get.ts';
import type { ApiServerAccess } from './api-server-access.ts';
import { ApiRefusal } from './api-refusal.ts';
import { JsonLines } from './json-lines.ts';

export interface ServiceRef {
  namespace: string;
  service: string;
}

export interface SliceApiOptions {
  /** How long a list, or the start of a watch, may take; default 30 s. */
  requestTimeoutMs?: number;
  /** How long a watch lasts before it is renewed, the least of it; up to a quarter longer by chance. Default 240 s. */
  watchSeconds?: number;
  /** Connections and timers do not keep the process alive: for clients, which end when their work is done. */
  unref?: boolean;
}

/** Slices a page, and the most bytes that a page may have. */
const pageSize = 100;
const maxListBytes = 64 * 1024 * 1024;
/** A server that does not end a watch in time is given up. */
const watchGraceMs = 15_000;

const who = 'the API server';
const apiServer: JsonServer = {
  who,
  refusal: (status, body, headers) => new ApiRefusal(status, body, headers['retry-after']),
};

/** The two requests for the EndpointSlices of a service, over HTTP. */
export class SliceApi {
  readonly #access: ApiServerAccess;
  readonly #options: Required<SliceApiOptions>;

  constructor(access: ApiServerAccess, options: SliceApiOptions = {}) {
    this.#access = access;
    this.#options = { requestTimeoutMs: 30_000, watchSeconds: 240, unref: false, ...options };
  }

  /** @throws ApiRefusal; DiscoveryError UNREACHABLE, INVALID, BAD_CONFIG */
  async list(ref: ServiceRef, continueToken: string | undefined, signal: AbortSignal): Promise<unknown> {
    const page = { limit: `${pageSize}`, ...(continueToken !== undefined && { continue: continueToken }) };
    const deadline = new Deadline(signal, this.#options.requestTimeoutMs, this.#options.unref);
    try {
      const response = await this.#open(ref, page, deadline.signal);
      return parseJson(await textOf(response, maxListBytes, who), who);
    } catch (error) {
      throw this.#describe(error, deadline);
    } finally {
      deadline.clear();
    }
  }

  /**
   * Watches from a version on, until the server ends it, as it does after a few minutes, or the connection breaks.
   * @param on.events may throw, which ends the watch
   * @throws as `list`, and what `on.events` throws
   */
  async watch(
    ref: ServiceRef,
    resourceVersion: string,
    on: { open: () => void; events: (events: unknown[]) => void },
    signal: AbortSignal,
  ): Promise<void> {
    const seconds = Math.ceil(this.#options.watchSeconds * (1 + Math.random() / 4));
    const deadline = new Deadline(signal, this.#options.requestTimeoutMs, this.#options.unref);
    let opened = false;
    try {
      const query = {
        watch: '1',
        resourceVersion,
        allowWatchBookmarks: 'true',
        timeoutSeconds: `${seconds}`,
      };
      const response = await this.#open(ref, query, deadline.signal);
      deadline.extend(seconds * 1000 + watchGraceMs);
      opened = true;
      on.open();
      const lines = new JsonLines();
      for await (const chunk of response as AsyncIterable<Buffer>) on.events(lines.push(chunk));
    } catch (error) {
      // A connection that breaks ends the watch like any other end: what matters is whether the next one can be opened.
      const broken = opened && !isDescribed(error) && !deadline.expired;
      if (!broken) throw this.#describe(error, deadline);
    } finally {
      deadline.clear();
    }
  }

  async #open(ref: ServiceRef, query: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
    const selector = `kubernetes.io/service-name=${ref.service}`;
    const search = new URLSearchParams({ labelSelector: selector, ...query }).toString();
    const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(ref.namespace)}/endpointslices`;
    const url = new URL(`${this.#access.server.replace(/\/$/, '')}${path}?${search}`);
    const { unref } = this.#options;
    return getJson(url, await this.#access.requestOptions(), apiServer, { signal, unref });
  }

  #describe(error: unknown, deadline: Deadline): Error {
    if (isDescribed(error)) return error;
    return unreachable(`API server ${this.#access.server}`, error, deadline);
  }
}

/** True for what says already what is wrong, as against an error of the connection. */
function isDescribed(error: unknown): error is DiscoveryError | ApiRefusal {
  return error instanceof DiscoveryError || error instanceof ApiRefusal;
}
