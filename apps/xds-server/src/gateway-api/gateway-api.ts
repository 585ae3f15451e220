import { SaidOnce } from '@evenly/endpoints';
import { Translator, type ObjectStatus, type TranslatorOptions } from '@evenly/gateway-api';
import { LeaderElection, type KubernetesApi } from '@evenly/kubernetes';
import type { MeshConfig } from '@evenly/mesh-config';
import type { Runtime } from '@evenly/service';
import { FaultEvents } from '../events/fault-events.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { InfrastructureWriter } from './infrastructure/infrastructure-writer.ts';
import { ProxyObjects } from './infrastructure/proxy-objects.ts';
import { MeshOf } from './mesh-of.ts';
import { ClusterObjects } from './objects/cluster-objects.ts';
import { Paced } from './paced.ts';
import { faultsOf } from './status/status-faults.ts';
import { StatusWriter } from './status/status-writer.ts';

export interface GatewayApiOptions {
  api: KubernetesApi;
  log: Runtime['log'];
  metrics: GatewayMetrics;
  translator: TranslatorOptions;
  /** Whose holder writes. */
  lease: { namespace: string; name: string };
  /** Of this process, among those that might lead. */
  identity: string;
  /** All that is known, once everything has been listed, and on every change. */
  onConfig: (config: MeshConfig) => void;
}

/**
 * The Gateway API at work in a cluster: its objects are followed and become a config; the one of several processes that
 * leads writes their statuses and makes their proxies. Who does not lead serves the same config.
 */
export class GatewayApi {
  readonly #options: GatewayApiOptions;
  readonly #translator: Translator;
  readonly #mesh = new MeshOf();
  readonly #objects: ClusterObjects;
  readonly #proxies: ProxyObjects;
  readonly #statuses: StatusWriter;
  readonly #infrastructure: InfrastructureWriter;
  readonly #translation: Paced;
  readonly #election: LeaderElection;
  readonly #events: FaultEvents;
  readonly #said = new SaidOnce();
  #last: MeshConfig | undefined;
  #lastStatuses: readonly ObjectStatus[] = [];
  #isLeading = false;

  constructor(options: GatewayApiOptions) {
    this.#options = options;
    const { api, log, metrics, translator, lease, identity } = options;
    this.#translator = new Translator(translator);
    this.#events = new FaultEvents(api, log);
    this.#translation = new Paced(() => this.#translate());
    const onChange = () => this.#translation.ask();
    const onError = (kind: string, error: Error) => this.#say(`${kind}: ${error.message}`, 'no updates');
    this.#objects = new ClusterObjects(api, {
      onChange,
      onStatus: (kind, key) => this.#statuses.seen(kind, key),
      onError,
    });
    this.#proxies = new ProxyObjects(api, { onChange, onError });
    const onRefused = (what: string, error: Error) => {
      metrics.writeErrors.inc();
      this.#say(`${what}: ${error.message}`, 'not written');
    };
    this.#statuses = new StatusWriter({
      api,
      controllerName: translator.controllerName,
      statusOf: (kind, key) => this.#objects.statusOf(kind, key),
      onWritten: () => metrics.statusesWritten.inc(),
      onError: onRefused,
    });
    this.#infrastructure = new InfrastructureWriter({ api, standing: this.#proxies, onError: onRefused });
    this.#election = new LeaderElection({
      api,
      lease,
      identity,
      onLeading: () => {
        log.info({ lease: lease.name }, 'leads: writes statuses and makes proxies of Gateways');
        metrics.leading.set(1);
        this.#statuses.lead();
        this.#infrastructure.lead();
        this.#isLeading = true;
        this.#tellFaults();
      },
      onLost: () => {
        log.info({ lease: lease.name }, 'does not lead any more');
        metrics.leading.set(0);
        this.#isLeading = false;
        this.#statuses.stop();
        this.#infrastructure.stop();
      },
      onError: (error) => this.#say(error.message, 'cannot lead'),
    });
  }

  /** Why there is no config yet; empty: there is one. */
  get waiting(): readonly string[] {
    if (this.#last !== undefined) return [];
    return [...this.#objects.waiting, ...(this.#proxies.isKnown ? [] : ['proxies: not listed yet'])];
  }

  /** Stops to write and to follow; what runs for Gateways goes on. */
  async stop(): Promise<void> {
    this.#translation.stop();
    this.#objects.stop();
    this.#proxies.stop();
    await this.#election.release();
  }

  #translate(): void {
    if (this.#objects.waiting.length > 0 || !this.#proxies.isKnown) return;
    const { metrics, onConfig, translator } = this.#options;
    const end = metrics.translations.startTimer();
    const state = this.#objects.state();
    const translation = this.#translator.translate(state, this.#proxies.facts());
    end();
    const mesh = this.#mesh.config(translation);
    if (mesh !== this.#last) onConfig(mesh);
    this.#last = mesh;
    this.#statuses.want(translation.statuses);
    this.#lastStatuses = translation.statuses;
    this.#tellFaults();
    this.#infrastructure.want(translation.infrastructure, (name) => {
      const found = state.gatewayClasses.get(`/${name}`);
      return found === undefined || found.controllerName === translator.controllerName;
    });
  }

  #tellFaults(): void {
    if (this.#isLeading)
      this.#events.tell(faultsOf(this.#lastStatuses, this.#options.translator.controllerName));
  }

  #say(reason: string, message: string): void {
    if (this.#said.isNew(reason)) this.#options.log.warn({ reason }, `Gateway API: ${message}`);
  }
}
