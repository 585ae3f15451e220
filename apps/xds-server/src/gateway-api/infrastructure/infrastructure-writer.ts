import type { GatewayInfrastructure, KubernetesObject } from '@evenly/gateway-api';
import { ApiRefusal, type KindName, type KubernetesApi, type ObjectRef } from '@evenly/kubernetes';
import { KeyedWork } from '../keyed-work.ts';
import { isMadeForGateway, proxyKinds, type ProxyObject, type ProxyObjects } from './proxy-objects.ts';

export interface InfrastructureWriterOptions {
  api: Pick<KubernetesApi, 'apply' | 'delete' | 'get'>;
  /** What stands there. */
  standing: Pick<ProxyObjects, 'deployments' | 'has'>;
  onError: (gateway: string, error: Error) => void;
}

/**
 * Makes what shall run for each Gateway, and takes away what is no more wanted, as long as this process leads. What
 * belongs to a Gateway that is deleted, Kubernetes collects.
 */
export class InfrastructureWriter {
  readonly #options: InfrastructureWriterOptions;
  #wanted: ReadonlyMap<string, GatewayInfrastructure> = new Map();
  /** What was written for a Gateway, as long as this process leads. */
  readonly #written = new Map<string, GatewayInfrastructure>();
  readonly #orphans = new Map<string, ProxyObject>();
  #work: KeyedWork | undefined;

  constructor(options: InfrastructureWriterOptions) {
    this.#options = options;
  }

  /**
   * For all Gateways of ours; called again when something else stands there.
   * @param isOurs whether what was made for a class is for us to take away
   */
  want(list: readonly GatewayInfrastructure[], isOurs: (className: string) => boolean): void {
    this.#wanted = new Map(list.map((one) => [one.gateway, one]));
    for (const gateway of this.#written.keys()) if (!this.#wanted.has(gateway)) this.#written.delete(gateway);
    this.#findOrphans(isOurs);
    this.#start();
  }

  lead(): void {
    this.#work ??= new KeyedWork((key) => this.#do(key), this.#options.onError);
    this.#start();
  }

  stop(): void {
    this.#work?.stop();
    this.#work = undefined;
    this.#written.clear();
  }

  #start(): void {
    if (this.#work === undefined) return;
    for (const [gateway, wanted] of this.#wanted) {
      if (this.#written.get(gateway) !== wanted || !this.#stands(wanted)) this.#work.add(gateway);
    }
    for (const key of this.#orphans.keys()) this.#work.add(key);
  }

  /** Somebody may have deleted a part of it. */
  #stands({ objects }: GatewayInfrastructure): boolean {
    const { standing } = this.#options;
    return objects.every(({ kind, metadata: { namespace, name } }) => {
      const isFollowed = kind === 'Deployment' || kind === 'Service';
      return !isFollowed || standing.has(kind, `${namespace}/${name}`);
    });
  }

  #findOrphans(isOurs: (className: string) => boolean): void {
    const wanted = new Set([...this.#wanted.values()].flatMap(({ objects }) => objects.map(keyOf)));
    this.#orphans.clear();
    for (const one of this.#options.standing.deployments()) {
      const key = `orphan ${one.namespace}/${one.name}`;
      if (isOurs(one.className) && !wanted.has(`Deployment ${one.namespace}/${one.name}`))
        this.#orphans.set(key, one);
    }
  }

  async #do(key: string): Promise<void> {
    const orphan = this.#orphans.get(key);
    if (orphan !== undefined) return this.#takeAway(orphan);
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return;
    if (this.#written.get(key) === wanted && this.#stands(wanted)) return;
    for (const object of wanted.objects) await this.#apply(key, object);
    if (this.#work !== undefined) this.#written.set(key, wanted);
  }

  async #apply(gateway: string, object: KubernetesObject): Promise<void> {
    const { api, onError } = this.#options;
    const kind = proxyKinds.get(object.kind)!;
    const { namespace, name } = object.metadata;
    if (await this.#isForeign(kind, object.metadata)) {
      const message = `${object.kind} ${namespace}/${name} is there and belongs to somebody else; it is left alone`;
      return onError(gateway, new Error(message));
    }
    try {
      await api.apply(kind, object);
    } catch (error) {
      // No good, and no better the next time: the others are of use all the same.
      if (error instanceof ApiRefusal && error.status !== 409) return onError(gateway, error);
      throw error;
    }
  }

  /** The Deployment last: as long as it stands there, it is known what is left. */
  async #takeAway({ name, namespace }: ProxyObject): Promise<void> {
    const order = [...proxyKinds.values()].sort((one) => (one.kind === 'Deployment' ? 1 : -1));
    for (const kind of order)
      if (!(await this.#isForeign(kind, { name, namespace })))
        await this.#options.api.delete(kind, { name, namespace });
  }

  /**
   * Whether something of that name is there that was not made for a Gateway: who may make Gateways must not come by other
   * objects of the namespace.
   */
  async #isForeign(kind: KindName, ref: ObjectRef): Promise<boolean> {
    try {
      return !isMadeForGateway(await this.#options.api.get(kind, ref));
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return false;
      throw error;
    }
  }
}

const keyOf = ({ kind, metadata: { namespace, name } }: KubernetesObject) => `${kind} ${namespace}/${name}`;
