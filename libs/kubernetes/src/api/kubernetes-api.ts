import type { BackoffOptions } from '@evenly/endpoints';
import type { JsonBody } from '@evenly/endpoints/http';
import type { ApiServerAccess } from '../access/api-server-access.ts';
import {
  apiPath,
  type ApiObject,
  type KindName,
  type ObjectRef,
  type ResourceKind,
  type Scope,
} from '../resource-kind.ts';
import { ListState } from '../watch/list-state.ts';
import { watchResource, type ResourceListener } from '../watch/resource-watch.ts';
import { SharedWatches } from '../watch/shared-watches.ts';
import { ApiRefusal, errorOfRefusal, type Verb } from './api-refusal.ts';
import { ApiRequests, type RequestLimits } from './requests.ts';

export interface KubernetesApiOptions extends RequestLimits {
  /** Waits after failures: at first up to 200 ms, at most 30 s, with jitter. */
  backoff?: BackoffOptions;
}

/** Who owns the fields that `apply` writes (server-side apply). */
const fieldManager = 'evenly';

/** An API server: objects are followed, and some are written. */
export class KubernetesApi {
  readonly #requests: ApiRequests;
  readonly #access: ApiServerAccess;
  readonly #watches: SharedWatches;

  constructor(access: ApiServerAccess, { backoff, ...options }: KubernetesApiOptions = {}) {
    this.#requests = new ApiRequests(access, options);
    this.#access = access;
    const waits = { ...backoff, unref: options.unref };
    this.#watches = new SharedWatches((kind, scope, listener) =>
      watchResource(this.#requests, kind, scope, listener, waits),
    );
  }

  /**
   * Of services that are named without one.
   * @throws DiscoveryError BAD_CONFIG
   */
  async ownNamespace(): Promise<string> {
    return (await this.#access.namespace?.()) ?? 'default';
  }

  /** How many watches there are now; each has a connection. */
  get watches(): number {
    return this.#watches.size;
  }

  /**
   * Follows objects of a kind, never telling them within this call. Those who follow the same share a watch.
   * @returns stops telling; the last one to stop closes the connection
   */
  watch<T>(kind: ResourceKind<T>, scope: Scope, listener: ResourceListener<T>): () => void {
    return this.#watches.join(kind, scope, listener);
  }

  /**
   * The objects of a kind as they are now, page by page: for programs that look once.
   * @throws DiscoveryError NOT_FOUND for a kind that the server does not know; else as `create`
   */
  async list<T>(kind: ResourceKind<T>, scope: Scope): Promise<T[]> {
    const state = new ListState(kind);
    let expiredBefore = false;
    for (let { request } = state; request.kind === 'list'; { request } = state) {
      try {
        const signal = new AbortController().signal;
        const { body, server } = await this.#requests.list(kind, scope, request.continueToken, signal);
        state.page(body, server);
      } catch (error) {
        if (!(error instanceof ApiRefusal)) throw error;
        // A list that took too long cannot be gone on with (410): once more from its beginning.
        if (error.status !== 410 || expiredBefore) throw errorOfRefusal(error, 'list', kind, scope.namespace);
        expiredBefore = true;
        state.relist();
      }
    }
    return [...state.objects.values()];
  }

  /** @throws ApiRefusal with status 404 for one that is not there; else as `create` */
  async get(kind: KindName, ref: ObjectRef): Promise<ApiObject> {
    return this.#send('get', kind, ref, [ref.name]);
  }

  /**
   * @throws ApiRefusal with status 409 for one that is there already; DiscoveryError FORBIDDEN, UNAUTHORIZED,
   *   UNREACHABLE, INVALID, BAD_CONFIG
   */
  async create(kind: KindName, object: ApiObject): Promise<ApiObject> {
    const body = { method: 'POST', type: 'application/json', value: object } as const;
    return this.#send('create', kind, object.metadata, [], body);
  }

  /** @throws ApiRefusal with status 409 where the object is another one than its `resourceVersion` says; else as `create` */
  async replace(kind: KindName, object: ApiObject): Promise<ApiObject> {
    const body = { method: 'PUT', type: 'application/json', value: object } as const;
    return this.#send('update', kind, object.metadata, [object.metadata.name], body);
  }

  /**
   * A JSON merge patch (RFC 7386): fields that are null go away.
   * @throws as `get`
   */
  async patch(kind: KindName, ref: ObjectRef, patch: object, subresource?: 'status'): Promise<void> {
    const body = { method: 'PATCH', type: 'application/merge-patch+json', value: patch } as const;
    await this.#write(kind, ref, [ref.name, ...(subresource ? [subresource] : [])], body);
  }

  /**
   * Makes the object, or brings the fields that are given to what they say and takes those away that were given before
   * (server-side apply, as the field manager `evenly`).
   * @throws as `create`
   */
  async apply(kind: KindName, object: ApiObject): Promise<void> {
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
    const value = { apiVersion, kind: kind.kind, ...object };
    const body = { method: 'PATCH', type: 'application/apply-patch+yaml', value } as const;
    const query = { fieldManager, force: 'true' };
    await this.#write(kind, object.metadata, [object.metadata.name], body, query);
  }

  /** What is not there is deleted already. @throws as `create` */
  async delete(kind: KindName, ref: ObjectRef): Promise<void> {
    const body = { method: 'DELETE', type: 'application/json', value: {} } as const;
    try {
      await this.#send('delete', kind, ref, [ref.name], body);
    } catch (error) {
      if (!(error instanceof ApiRefusal && error.status === 404)) throw error;
    }
  }

  /** Ends the connections of writes; watches end with those who follow. */
  close(): void {
    this.#requests.close();
  }

  async #send(
    verb: Verb,
    kind: KindName,
    { namespace }: Pick<ObjectRef, 'namespace'>,
    rest: string[],
    body?: JsonBody,
  ): Promise<ApiObject> {
    const path = apiPath(kind, namespace, ...rest);
    return (await told(verb, kind, namespace, this.#requests.send(path, body))) as ApiObject;
  }

  async #write(
    kind: KindName,
    { namespace }: Pick<ObjectRef, 'namespace'>,
    rest: string[],
    body: JsonBody,
    query: Record<string, string> = {},
  ): Promise<void> {
    const path = apiPath(kind, namespace, ...rest);
    await told('patch', kind, namespace, this.#requests.write(path, body, query));
  }
}

/** @throws what the caller handles as it is, of a refusal; for others what is told of it */
async function told<T>(
  verb: Verb,
  kind: KindName,
  namespace: string | undefined,
  answer: Promise<T>,
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ApiRefusal) || [404, 409, 422].includes(error.status)) throw error;
    throw errorOfRefusal(error, verb, kind, namespace);
  }
}
