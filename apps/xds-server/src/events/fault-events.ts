import { createHash } from 'node:crypto';
import type { Meta } from '@evenly/gateway-api';
import { ApiRefusal, type KindName, type KubernetesApi } from '@evenly/kubernetes';
import type { Runtime } from '@evenly/service';

const eventKind: KindName = { group: '', version: 'v1', plural: 'events', kind: 'Event' };
/** Faults that were told, and are not told again while they last; and those whose Event is still to be written. */
const maxRemembered = 10_000;
const maxUnderWay = 8;
/** The owner of the object has written most of it. */
const maxMessage = 1024;

/** What is wrong with an object of the cluster, for its owner. */
export interface ObjectFault {
  apiVersion: string;
  meta: Meta;
  /** One word, such as `InvalidConfig`. */
  reason: string;
  message: string;
}

/**
 * Says what is wrong with an object where its owner looks: in an Event, `kubectl describe`, and in the log. The Event's name
 * is that of the fault, so that several servers write one.
 */
export class FaultEvents {
  readonly #api: Pick<KubernetesApi, 'create'>;
  readonly #log: Runtime['log'];
  #told = new Set<string>();
  readonly #waiting: ObjectFault[] = [];
  #underWay = 0;

  constructor(api: Pick<KubernetesApi, 'create'>, log: Runtime['log']) {
    this.#api = api;
    this.#log = log;
  }

  /** @param faults all that there are now */
  tell(faults: readonly ObjectFault[]): void {
    const now = new Set(faults.slice(0, maxRemembered).map(keyOf));
    for (const fault of faults.slice(0, maxRemembered)) {
      if (this.#told.has(keyOf(fault))) continue;
      const { kind, namespace, name } = fault.meta;
      this.#log.warn(
        { object: `${kind} ${namespace}/${name}`, reason: fault.message.slice(0, maxMessage) },
        'check an object of the cluster',
      );
      if (this.#waiting.length < maxRemembered) this.#waiting.push(fault); // the log has the others
    }
    this.#told = now;
    this.#next();
  }

  #next(): void {
    while (this.#underWay < maxUnderWay && this.#waiting.length > 0) {
      this.#underWay++;
      void this.#write(this.#waiting.shift()!).finally(() => {
        this.#underWay--;
        this.#next();
      });
    }
  }

  async #write(fault: ObjectFault): Promise<void> {
    const { apiVersion, meta, reason, message } = fault;
    const { kind, name, uid } = meta;
    // Events about objects of the whole cluster are in this one.
    const namespace = meta.namespace || 'default';
    const hash = createHash('sha256').update(keyOf(fault)).digest('hex').slice(0, 10);
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    try {
      await this.#api.create(eventKind, {
        metadata: { name: `${name.slice(0, 200)}.${hash}`, namespace },
        involvedObject: { apiVersion, kind, name, uid, ...(meta.namespace && { namespace }) },
        reason,
        message: message.slice(0, maxMessage),
        type: 'Warning',
        source: { component: 'evenly-xds-server' },
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      });
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 409) return; // another server has said it
      this.#log.warn({ reason: (error as Error).message }, 'an Event could not be written; the log has it');
    }
  }
}

const keyOf = ({ meta, message }: ObjectFault) =>
  `${meta.kind} ${meta.namespace}/${meta.name}/${meta.uid} ${message}`;
