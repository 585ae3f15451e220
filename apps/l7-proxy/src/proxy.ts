import { setImmediate as turn } from 'node:timers/promises';
import type { Listener, ListenerTls, MeshConfig, ServerCertificate } from '@evenly/mesh-config';
import type { MeshCertificates } from '@evenly/live-mesh';
import { ServiceError, type Runtime } from '@evenly/service';
import type { Certificates } from '@evenly/tls';
import type { CallContext } from './call/call-context.ts';
import type { ObserveCall } from './call/call-observer.ts';
import { FailedListeners, type FailedListener } from './listener/failed-listeners.ts';
import {
  ProxyListener,
  type DrainOptions,
  type ListenerEdge,
  type ListenerOptions,
} from './listener/listener.ts';
import { ServerNames } from './listener/server-names.ts';
import { ticketKeys } from './listener/session-tickets.ts';
import type { Mesh } from './mesh.ts';
import { configWarnings } from './routing/config-warnings.ts';
import { SharedBlocks } from './routing/request-plan.ts';
import type { RouteTable } from './routing/route-table.ts';
import type { Cluster } from './upstream/cluster.ts';

export interface ProxyContext {
  mesh: Mesh;
  certificates: MeshCertificates;
  calls: CallContext;
  /** Who watches the calls; undefined: nobody. */
  observe: ObserveCall | undefined;
  /** Traces are among them. */
  tracing: boolean;
  listener: ListenerOptions;
  /** Serves when a config has no listeners. */
  defaultListener: Omit<Listener, 'name'>;
  /** How long calls of a listener that left the config may go on. */
  drainTimeoutMs: number;
  service: Pick<Runtime, 'log' | 'listening'>;
}

interface Running {
  listener: ProxyListener;
  /** What the config says, but for the routes; the port it got may be another. */
  described: string;
  table: RouteTable<Cluster>;
  /** Of one with `certificates`. */
  serverNames: ServerNames | undefined;
}

/** That a line of the log names: of a cluster there may be hundreds, and changes come by the minute. */
const maxNamed = 20;

/** The listeners of the config, each with its routes. */
export class Proxy {
  /** Requests that no route takes. */
  unrouted = 0;
  readonly #context: ProxyContext;
  readonly #shared = new SharedBlocks();
  readonly #running = new Map<string, Running>();
  readonly #failed: FailedListeners;
  #applying: Promise<void> = Promise.resolve();
  /** A config was at work as a whole: before that, a port that cannot be had is an end of the program. */
  #started = false;
  #draining = false;
  #warned: ReadonlySet<string> = new Set();

  constructor(context: ProxyContext) {
    this.#context = context;
    this.#failed = new FailedListeners(() => {
      // Configs wait for it: what it throws is not theirs.
      this.#applying = this.#applying
        .then(() => this.#tryAgain())
        .catch((error: unknown) => context.service.log.error({ err: error }, 'cannot try listeners again'));
    });
  }

  get listeners(): ProxyListener[] {
    return [...this.#running.values()].map(({ listener }) => listener);
  }

  /** By the names of listeners that have certificates by server name. */
  get serverNames(): ReadonlyMap<string, ServerNames> {
    return new Map(
      [...this.#running].flatMap(([name, { serverNames }]) => (serverNames ? [[name, serverNames]] : [])),
    );
  }

  /** Those that could not have their ports. */
  get failedListeners(): readonly FailedListener[] {
    return this.#failed.all;
  }

  /**
   * Brings the proxy to a config, one after the other. Calls under way go on as they began.
   * @throws ConfigError for certificates that cannot be used: nothing has changed then
   * @throws ServiceError when listeners cannot have their ports; they are tried again, all else of the config is at work
   */
  apply(config: MeshConfig): Promise<void> {
    const applied = this.#applying.then(() => this.#apply(config));
    this.#applying = applied.catch(() => undefined);
    return applied;
  }

  /** The end of all connections; see `ProxyListener.drain`. */
  async drain(timeoutMs: number, options: DrainOptions): Promise<void> {
    this.#draining = true;
    this.#failed.stop();
    await Promise.all(this.listeners.map((listener) => listener.drain(timeoutMs, options)));
  }

  async #apply(config: MeshConfig): Promise<void> {
    const { mesh, certificates, service, drainTimeoutMs } = this.#context;
    const wanted = config.listeners.length > 0 ? config.listeners : [this.#defaultListener()];
    const certified = { ...config, listeners: wanted };
    await certificates.prepare(certified);
    const prepared = mesh.prepare(config);
    const tables = new Map<string, RouteTable<Cluster>>();
    for (const one of wanted) {
      await turn(); // calls have theirs between the parts of a large config
      tables.set(one.name, prepared.tableOf(one));
    }
    await turn();
    prepared.commit();
    // Those that leave go first: another name may take over their port.
    for (const [name, { listener, described }] of this.#running) {
      if (wanted.some((one) => one.name === name && describe(one) === described)) continue;
      this.#running.delete(name);
      void listener.drain(drainTimeoutMs);
      service.log.info({ listener: name }, 'listener closed');
    }
    this.#failed.clear();
    const errors: ServiceError[] = [];
    for (const one of wanted) {
      const table = tables.get(one.name)!;
      const running = this.#running.get(one.name);
      if (running !== undefined) {
        running.table = table;
        running.serverNames?.replace(one.certificates ?? []);
      } else errors.push(...(await this.#tryOpen(one, table)));
    }
    if (errors.length === 0) this.#started = true;
    if (this.#started) this.#failed.plan();
    mesh.retain(config);
    certificates.retain(certified);
    service.log.info(
      {
        services: [...config.services.keys()].slice(0, maxNamed),
        listeners: wanted.map(({ name }) => name).slice(0, maxNamed),
        counts: { services: config.services.size, listeners: wanted.length },
      },
      'config applied',
    );
    await turn();
    this.#warn(config);
    if (errors.length > 0)
      throw new ServiceError(errors[0]!.code, errors.map(({ message }) => message).join('\n'), {
        cause: errors[0],
      });
  }

  async #tryAgain(): Promise<void> {
    for (const { one, table } of this.#failed.all) {
      if (this.#draining) return;
      await this.#tryOpen(one, table);
    }
    if (!this.#draining) this.#failed.plan();
  }

  /** @returns why it cannot have its port, if so; it is tried again then */
  async #tryOpen(one: Listener, table: RouteTable<Cluster>): Promise<ServiceError[]> {
    try {
      await this.#open(one, table);
      this.#failed.delete(one.name);
      return [];
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.#failed.add({ one, table, reason: error.message });
      return [error];
    }
  }

  /** Each warning once, for as long as it holds. */
  #warn(config: MeshConfig): void {
    const warnings = configWarnings(config);
    for (const warning of warnings) {
      if (!this.#warned.has(warning)) this.#context.service.log.warn({ reason: warning }, 'check the config');
    }
    this.#warned = new Set(warnings);
  }

  async #open(one: Listener, table: RouteTable<Cluster>): Promise<void> {
    const { calls, observe, tracing, listener: options, service } = this.#context;
    const context = {
      name: one.name,
      observe,
      tracing,
      calls,
      shared: this.#shared,
      table: () => running.table,
      onNoRoute: () => void this.unrouted++,
      web: one.grpcWeb ? { origins: one.corsOrigins } : undefined,
    };
    const serverNames = one.certificates && this.#serverNames(one.name, one.certificates);
    const listener = new ProxyListener(one.name, context, this.#edgeOf(one, serverNames), options);
    const running: Running = { listener, described: describe(one), table, serverNames };
    const { address, port } = await listener.listen(
      one.address,
      one.port,
      `--port, or listener "${one.name}"`,
    );
    this.#running.set(one.name, running);
    service.listening(one.name, { address, port });
  }

  #serverNames(listener: string, certificates: readonly ServerCertificate[]): ServerNames {
    const { log } = this.#context.service;
    return new ServerNames(certificates, {
      listener,
      onTaken: (names) => log.info({ listener, names }, 'certificate in use'),
      onRefused: (names, reason) =>
        log.error({ listener, names, reason }, 'certificate refused; nobody is let in by its names'),
    });
  }

  /** @param serverNames whom clients may ask for; undefined: the one certificate of `tls` is for all, if there is one */
  #edgeOf(one: Listener, serverNames: ServerNames | undefined): ListenerEdge {
    const { name, tls, proxyProtocol, trustForwarded, http1, normalizePath, encodedSlashes } = one;
    const { certificates, listener } = this.#context;
    const needsClientCertificate = serverNames === undefined && tls?.clientCa !== undefined;
    const scope = { secret: listener.ticketSecret, listener: name, needsClientCertificate };
    const common = { needsClientCertificate, ticketKeys: (now: Certificates) => ticketKeys(scope, now) };
    type Told = (now: Certificates) => void;
    const ofFiles = (files: ListenerTls) => ({
      certificates: certificates.of(files),
      watch: (told: Told) => certificates.watch(files, told),
    });
    const ofNames = (names: ServerNames) => ({
      certificates: names.forAnyName,
      contextOfName: (serverName: string | undefined) => names.contextOf(serverName),
      watch: (told: Told) => names.watch(told),
    });
    const security = serverNames === undefined ? tls && ofFiles(tls) : ofNames(serverNames);
    const paths = { normalize: normalizePath, encodedSlashes };
    return {
      tls: security && { ...security, ...common },
      ...{ proxyProtocol, trustForwarded, http1, paths },
    };
  }

  #defaultListener(): Listener {
    return { name: 'proxy', ...this.#context.defaultListener };
  }
}

/** All but what is replaced without the port being closed: the routes, and the certificates if there are any. */
const describe = ({ routes: _, virtualHosts: _hosts, certificates, ...rest }: Listener) =>
  JSON.stringify({ ...rest, byServerName: certificates !== undefined });
