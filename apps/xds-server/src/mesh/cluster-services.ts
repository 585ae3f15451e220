import { readDiscoverable, ServiceDiscovery, type Discoverable } from '@evenly/gateway-api';
import type { KubernetesApi, ResourceKind } from '@evenly/kubernetes';
import type { MeshConfig } from '@evenly/mesh-config';
import type { Runtime } from '@evenly/service';
import type { ServerConfig } from '../config.ts';
import { FaultEvents } from '../events/fault-events.ts';

interface Surroundings {
  kubernetes: () => Promise<KubernetesApi>;
  config: Pick<ServerConfig, 'discover' | 'discoverSelector'>;
  log: Runtime['log'];
  readiness: Runtime['readiness'];
}

const serviceKind: ResourceKind<Discoverable | undefined> = {
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  read: readDiscoverable,
};

/** Many objects of one `kubectl apply` are one change of the config. */
const coalesceMs = 20;

/** The gRPC Services of the cluster as a part of the config. */
export class ClusterServices {
  readonly #surroundings: Surroundings;
  readonly #discovery = new ServiceDiscovery();
  /** By the namespace that is followed; `all` stands for the whole cluster. */
  readonly #known = new Map<string, ReadonlyMap<string, Discoverable | undefined>>();
  readonly #stops: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /**
   * Returns when the Services have been told once, and taken.
   * @param onPart told the part, and again whenever it changed; says whether it was taken
   */
  async follow(onPart: (part: MeshConfig) => boolean): Promise<void> {
    const { config, log, readiness } = this.#surroundings;
    const { discover, discoverSelector: labelSelector } = config;
    if (discover.length === 0) return;
    const namespaces = discover.includes('all') ? ['all'] : [...new Set(discover)];
    const errors = new Map<string, string>();
    const gate = readiness.gate(
      'Services of the cluster',
      () => [...errors.values()].join('; ') || 'not told yet',
    );
    const api = await this.#surroundings.kubernetes();
    const events = new FaultEvents(api, log);
    return new Promise((resolve) => {
      const tell = () => {
        this.#timer = undefined;
        const { part, faults } = this.#discovery.partOf(
          [...this.#known.values()].flatMap((map) => [...map.values()]),
        );
        events.tell(faults.map((fault) => ({ apiVersion: 'v1', reason: 'InvalidConfig', ...fault })));
        if (!onPart(part)) return;
        gate.pass();
        resolve();
      };
      for (const namespace of namespaces) {
        const scope = {
          ...(namespace === 'all' ? {} : { namespace }),
          ...(labelSelector === undefined ? {} : { labelSelector }),
        };
        const stop = api.watch(serviceKind, scope, {
          onObjects: (objects) => {
            if (this.#isStopped) return;
            this.#known.set(namespace, objects);
            if (this.#known.size === namespaces.length) this.#timer ??= setTimeout(tell, coalesceMs);
          },
          onError: ({ code, message }) => {
            errors.set(namespace, message);
            log.warn({ code, reason: message }, 'no updates of Services; what is known of them stays');
          },
          onWatching: () => errors.delete(namespace),
        });
        this.#stops.push(stop);
      }
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const stop of this.#stops.splice(0)) stop();
  }
}
