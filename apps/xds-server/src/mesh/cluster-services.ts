import {
  readDiscoverable,
  ServiceDiscovery,
  writeDiscoverable,
  type Discoverable,
} from '@evenly/gateway-api';
import type { KubernetesApi, ResourceKind } from '@evenly/kubernetes';
import { useSnapshot, type SnapshotStore, type SnapshotUse } from '@evenly/live-mesh';
import type { MeshConfig } from '@evenly/mesh-config';
import type { Runtime } from '@evenly/service';
import type { ServerConfig } from '../config.ts';
import { FaultEvents } from '../events/fault-events.ts';

interface Surroundings {
  kubernetes: () => Promise<KubernetesApi>;
  config: Pick<ServerConfig, 'discover' | 'discoverSelector' | 'discoverPorts'>;
  log: Runtime['log'];
  snapshots: SnapshotStore | undefined;
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

type Services = readonly (Discoverable | undefined)[];

/** The gRPC Services of the cluster as a part of the config. */
export class ClusterServices {
  readonly #surroundings: Surroundings;
  readonly #discovery: ServiceDiscovery;
  readonly #namespaces: readonly string[];
  /** By the namespace that is followed; `all` stands for the whole cluster. */
  readonly #known = new Map<string, Services>();
  /** Namespaces of which a snapshot is in use, and when that was known to be good. */
  readonly #snapshotMs = new Map<string, number>();
  readonly #errors = new Map<string, string>();
  readonly #stops: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const { discover, discoverPorts } = surroundings.config;
    this.#discovery = new ServiceDiscovery({ everyPort: discoverPorts === 'all' });
    this.#namespaces = discover.includes('all') ? ['all'] : [...new Set(discover)];
  }

  /** Why they have not been told yet. */
  get why(): string {
    return [...this.#errors.values()].join('; ') || 'not told yet';
  }

  /** Of the snapshot that they are served from, in milliseconds since 1970; undefined: they are as the cluster says. */
  get snapshotMs(): number | undefined {
    return this.#snapshotMs.size === 0 ? undefined : Math.min(...this.#snapshotMs.values());
  }

  /** @param onPart told when all namespaces have been told once, and again whenever something changed */
  async follow(onPart: (part: MeshConfig) => void): Promise<void> {
    const { log, kubernetes } = this.#surroundings;
    const api = await kubernetes();
    const events = new FaultEvents(api, log);
    const tell = () => {
      this.#timer = undefined;
      const { part, faults } = this.#discovery.partOf([...this.#known.values()].flat());
      // What a snapshot says may have been mended meanwhile.
      if (this.snapshotMs === undefined)
        events.tell(faults.map((fault) => ({ apiVersion: 'v1', reason: 'InvalidConfig', ...fault })));
      onPart(part);
    };
    for (const namespace of this.#namespaces) {
      this.#watch(api, namespace, (services) => {
        if (this.#isStopped) return;
        this.#known.set(namespace, services);
        if (this.#known.size === this.#namespaces.length) this.#timer ??= setTimeout(tell, coalesceMs);
      });
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const stop of this.#stops.splice(0)) stop();
  }

  #watch(api: KubernetesApi, namespace: string, onServices: (services: Services) => void): void {
    const { log, config } = this.#surroundings;
    const { discoverSelector: labelSelector } = config;
    const scope = {
      ...(namespace === 'all' ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
    const snapshot = this.#snapshot(namespace, labelSelector, onServices);
    const stop = api.watch(serviceKind, scope, {
      onObjects: (objects) => {
        snapshot?.told(
          [...objects.values()].flatMap((one) => (one === undefined ? [] : writeDiscoverable(one))),
        );
        onServices([...objects.values()]);
      },
      onError: ({ code, message }) => {
        this.#errors.set(namespace, message);
        snapshot?.failed();
        log.warn({ code, reason: message }, 'no updates of Services; what is known of them stays');
      },
      onWatching: () => {
        this.#errors.delete(namespace);
        snapshot?.recovered();
      },
    });
    this.#stops.push(() => {
      stop();
      snapshot?.stop();
    });
  }

  #snapshot(
    namespace: string,
    labelSelector = '',
    onServices: (services: Services) => void,
  ): SnapshotUse<readonly object[]> | undefined {
    const { log, snapshots } = this.#surroundings;
    const source = `Services of ${namespace} ${labelSelector}`.trim();
    return (
      snapshots &&
      useSnapshot(snapshots, 'objects', source, {
        onUse: (objects, goodAtMs) => {
          this.#snapshotMs.set(namespace, goodAtMs);
          const goodAt = new Date(goodAtMs).toISOString();
          log.warn({ source, goodAt }, 'the API is away; what a snapshot has of the Services is served');
          onServices(objects.map(readDiscoverable));
        },
        // Their endpoints have run out too. A client that were told that there is no such listener would fail no less.
        onExpired: () => undefined,
        onEnd: () => this.#snapshotMs.delete(namespace),
      })
    );
  }
}
