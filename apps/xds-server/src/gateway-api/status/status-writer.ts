import type { ObjectStatus } from '@evenly/gateway-api';
import { ApiRefusal, type KindName, type KubernetesApi } from '@evenly/kubernetes';
import { KeyedWork } from '../keyed-work.ts';
import { kinds } from '../objects/kinds.ts';
import { statusPatch } from './status-patch.ts';

export interface StatusWriterOptions {
  api: Pick<KubernetesApi, 'patch'>;
  controllerName: string;
  /** As it stands there. @param key `ns/name` */
  statusOf: (kind: string, key: string) => unknown;
  onWritten: () => void;
  /** It is tried again, unless the API server says that it is no good. */
  onError: (object: string, error: Error) => void;
  now?: () => Date;
}

const names: Readonly<Record<ObjectStatus['kind'], KindName>> = {
  GatewayClass: kinds.gatewayClasses.resource,
  Gateway: kinds.gateways.resource,
  ListenerSet: kinds.listenerSets.resource,
  GRPCRoute: kinds.grpcRoutes.resource,
  HTTPRoute: kinds.httpRoutes.resource,
  BackendTLSPolicy: kinds.backendTlsPolicies.resource,
};

/** Writes statuses where others stand, as long as this process leads. The newest wins. */
export class StatusWriter {
  readonly #options: Required<StatusWriterOptions>;
  #wanted: ReadonlyMap<string, ObjectStatus> = new Map();
  #work: KeyedWork | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = { now: () => new Date(), ...options };
  }

  /** Of all objects. Those that are the same as last time were written then. */
  want(statuses: readonly ObjectStatus[]): void {
    const before = this.#wanted;
    this.#wanted = new Map(statuses.map((one) => [keyOf(one.kind, one.object), one]));
    for (const [key, one] of this.#wanted) if (before.get(key) !== one) this.#work?.add(key);
  }

  /** Another status stands there: perhaps somebody has changed what is ours. */
  seen(kind: string, key: string): void {
    const whole = `${kind} ${key}`;
    if (this.#wanted.has(whole)) this.#work?.add(whole);
  }

  lead(): void {
    const { onError } = this.#options;
    this.#work ??= new KeyedWork((key) => this.#write(key), onError);
    for (const key of this.#wanted.keys()) this.#work.add(key);
  }

  stop(): void {
    this.#work?.stop();
    this.#work = undefined;
  }

  async #write(key: string): Promise<void> {
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return;
    const { api, controllerName, statusOf, now, onError, onWritten } = this.#options;
    const { kind, object, status } = wanted;
    const standing = statusOf(kind, `${object.namespace}/${object.name}`);
    const patch = statusPatch(status, standing, { controllerName, now: now() });
    if (patch === undefined) return;
    const { name, namespace } = object;
    const ref = namespace === '' ? { name } : { name, namespace };
    try {
      await api.patch(names[kind], ref, patch, 'status');
      onWritten();
    } catch (error) {
      // Gone meanwhile; or no good, and no better the next time.
      if (!(error instanceof ApiRefusal)) throw error;
      if (error.status !== 404) onError(key, error);
    }
  }
}

const keyOf = (kind: string, { namespace, name }: { namespace: string; name: string }) =>
  `${kind} ${namespace}/${name}`;
