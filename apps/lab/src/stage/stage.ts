import { followCluster, KubeApi } from '@evenly/local-cluster';
import { formatDuration, hostPort } from '@evenly/service';
import type { LabApp } from '../app.ts';
import type { Lab, Shares } from '../lab.ts';
import { freePort } from '../ports.ts';
import type { ProgramName, Programs } from '../programs.ts';
import type { Progress } from '../progress.ts';
import { mainService } from '../main-service.ts';
import { kubeconfig, podPort, proxyPort, xdsBootstrap } from './files.ts';

/** What a stage is set up with. */
export interface StageContext {
  lab: Lab;
  programs: Programs;
  progress: Progress;
  /** Loopback address of everything. */
  host: string;
  /** Environment for the programs. */
  env: Readonly<Record<string, string>>;
  /** Wanted ports, 0 = any. */
  ports: { frontend: number; xds: number; proxy: number };
  /** How often endpoints are looked for, where that is a matter of time. */
  refreshMs: number;
  /** Calls a second of the client, 0 = no client. */
  rate: number;
  /** Whether there is a frontend to send requests to with curl. */
  frontend: boolean;
}

export interface PodsOptions {
  replicas?: number;
  /** Options of echo-backend. */
  args?: readonly string[];
  /** Each pod has an address of its own, all the same port: what looks up A records needs it. */
  ownAddresses?: boolean;
  /** Behind a connection-level virtual IP. */
  virtualIp?: boolean;
  zones?: readonly string[];
}

/** How clients call. */
export interface CallerOptions {
  /** The gRPC target. */
  target: string;
  env?: Readonly<Record<string, string>>;
  /** More options of echo-client. */
  args?: readonly string[];
}

const healthTimeoutMs = 1000;
const drain = ['--drain-timeout', '5s', '--exit-with-parent'];

/** What recipes are cooked with: starts the programs of this repository as the images start them. */
export class Stage {
  readonly #context: StageContext;
  #kubeconfig: Promise<string> | undefined;
  #proxyPort: number | undefined;
  #xdsServer: string | undefined;
  /** How clients call, once that was said. */
  caller: CallerOptions | undefined;
  /** Has whoever chooses pods do so by peak EWMA while all runs, and by the recipe's own policy again; where that can be. */
  peakEwma: ((on: boolean) => Promise<unknown>) | undefined;

  constructor(context: StageContext) {
    this.#context = context;
  }

  /** How often endpoints are looked for, as an option or a config has it. */
  get refresh(): string {
    return formatDuration(this.#context.refreshMs);
  }

  /** The DNS server, such as `127.0.0.1:5353`. */
  get dns(): string {
    const { address, port } = this.#context.lab.cluster.dns.status;
    return hostPort(address, port);
  }

  /** Starts echo pods of a service. */
  async pods(service: string, options: PodsOptions = {}): Promise<void> {
    const { lab, programs, host, env, progress, refreshMs } = this.#context;
    const { replicas = 3, args = [], ownAddresses, virtualIp, zones } = options;
    const added = lab.cluster.add(service, {
      replicas,
      command: ({ name, host, port }) => [
        ...programs('echo-backend'),
        ...['--name', name, '--host', host, '--port', String(port)],
        ...['--admin-host', host, '--admin-port', '0', ...drain, ...args],
      ],
      env,
      // A pod that is to go serves on until those who look for endpoints now and then have surely looked.
      preStopDelayMs: refreshMs + healthTimeoutMs + 500,
      ...(host === '127.0.0.1' && (ownAddresses || virtualIp) && { port: podPort }),
      ...(virtualIp && { virtualIpPort: podPort }),
      ...(zones && { zones }),
    });
    await progress.step(`${service}, ${replicas} pods`, () => added.start());
  }

  /** Writes a file, or writes it anew. @returns its path */
  file(name: string, content: unknown): Promise<string> {
    return this.#context.lab.writeFile(name, content);
  }

  /** For a config: a service whose pods are looked up by DNS SRV, and asked for their health. */
  foundByDns(service: string) {
    const name = `_grpc._tcp.${service}.default.svc.cluster.local`;
    return {
      source: { dnsSrv: { name, refresh: this.refresh } },
      healthCheck: { grpcService: 'echo.EchoServer', interval: this.refresh },
    };
  }

  /** Starts an EndpointSlice API that knows the pods. @returns the environment by which programs find it */
  async kubernetes(): Promise<{ KUBECONFIG: string }> {
    this.#kubeconfig ??= this.#startKubernetes();
    return { KUBECONFIG: await this.#kubeconfig };
  }

  /** Starts the xDS server with a config, where clients that are started later find it. */
  async xdsServer(config: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { ports } = this.#context;
    const app = await this.#app({ name: 'xds-server', what: 'xds', port: ports.xds, env }, [
      ...['--config', config, '--dns-servers', this.dns, '--refresh', this.refresh],
      ...['--health-timeout', formatDuration(healthTimeoutMs)],
    ]);
    const { address, port } = app.status.ports['xds']!;
    this.#xdsServer = hostPort(address, port);
  }

  /** For the config of a proxy beside the clients: takes gRPC-Web, too, of whatever page. */
  async webListener(): Promise<unknown> {
    const { host, ports } = this.#context;
    this.#proxyPort ??= ports.proxy || (await freePort(host));
    return { name: 'proxy', address: host, port: this.#proxyPort, grpcWeb: true, corsOrigins: ['*'] };
  }

  /** Starts a proxy beside the clients. @returns the target that leads to it */
  async sidecar(config: string): Promise<string> {
    const port = this.#proxyPort ?? this.#context.ports.proxy;
    const args = ['--config', config, '--dns-servers', this.dns];
    const app = await this.#app({ name: 'l7-proxy', what: 'proxy', port, env: {} }, args);
    const at = app.status.ports['proxy']!;
    return `dns:///${hostPort(at.address, at.port)}`;
  }

  /** Starts a headless service of proxies. */
  async proxies(config: string, { replicas = 1 } = {}): Promise<void> {
    const { lab, programs, env, progress, refreshMs } = this.#context;
    const added = lab.cluster.add('proxy', {
      replicas,
      announces: 'proxy',
      port: proxyPort,
      command: ({ host, port }) => [
        ...[...programs('l7-proxy'), '--config', config, '--dns-servers', this.dns],
        ...['--host', host, '--port', String(port), '--admin-host', host, '--admin-port', '0', ...drain],
      ],
      env,
      preStopDelayMs: refreshMs,
    });
    await progress.step(`proxy, ${replicas} pods`, () => added.start());
  }

  /** Starts those who call: a client with a steady rate, and the frontend. */
  async callers({ target, env = {}, args = [] }: CallerOptions): Promise<void> {
    const { ports, rate, frontend } = this.#context;
    // So that gRPC's own resolver asks the DNS server that a target names; without it, it asks the machine's.
    const known = { GRPC_NODE_USE_ALTERNATIVE_RESOLVER: 'true', ...env };
    this.caller = { target, env: known, args };
    if (frontend) {
      const template = target.replaceAll(mainService, '{service}');
      const own = { ...known, ...(await this.#xdsEnvironment('frontend')) };
      await this.#app({ name: 'frontend', what: 'http', port: ports.frontend, env: own }, [
        '--target',
        template,
      ]);
    }
    if (rate > 0) await this.client('client', rate);
  }

  /** Starts a client that calls as `callers` has said, with so many calls a second. */
  async client(name: string, rate: number, change: Partial<CallerOptions> = {}): Promise<LabApp> {
    const { target = '', env = {}, args = [] } = { ...this.caller, ...change };
    const { lab } = this.#context;
    const onLine = (line: string) => lab.calls.take(name, line);
    const own = { ...env, ...(await this.#xdsEnvironment(name)) };
    return this.#app({ name, program: 'echo-client', what: 'http', port: 0, env: own, onLine }, [
      ...['--target', target, '--mode', 'rate', '--rate', String(rate), '--deadline', '5s'],
      ...['--output', 'calls', '--json', ...args],
    ]);
  }

  /** For clients that choose pods themselves: the policy is theirs, so that they begin anew with another one. */
  async clientByPeakEwma(on: boolean): Promise<void> {
    await this.#context.lab.removeApp('client');
    const args = on ? ['--policy', 'evenly_peak_ewma'] : (this.caller?.args ?? []);
    await this.client('client', this.#context.rate, { args });
  }

  /**
   * Shares that can be changed while all runs.
   * @param config is made from them, now and with each change
   * @returns the path of the file that has it
   */
  async shares(file: string, initial: Shares, config: (shares: Shares) => unknown): Promise<string> {
    const apply = (shares: Shares) => this.file(file, config(shares));
    this.#context.lab.offerShares(initial, apply);
    return apply(initial);
  }

  /** Each client has a name of its own for the xDS server, whose list of clients would not tell them apart. */
  async #xdsEnvironment(client: string): Promise<Record<string, string>> {
    if (this.#xdsServer === undefined) return {};
    const bootstrap = xdsBootstrap(this.#xdsServer, `lab-${client}`);
    return { GRPC_XDS_BOOTSTRAP: await this.file(`xds_bootstrap-${client}.json`, bootstrap) };
  }

  async #app(spec: AppStart, args: readonly string[]): Promise<LabApp> {
    const { lab, programs, host, env, progress } = this.#context;
    const { name, program = name as ProgramName } = spec;
    return progress.step(name, () =>
      lab.startApp({
        ...spec,
        command: (port) => [
          ...[...programs(program), ...args, '--host', host, '--port', String(port)],
          ...['--admin-host', host, '--admin-port', '0', ...drain],
        ],
        env: { ...env, ...spec.env },
      }),
    );
  }

  async #startKubernetes(): Promise<string> {
    const { lab, host } = this.#context;
    const api = await new KubeApi({ host }).start();
    const unfollow = followCluster(api, lab.cluster);
    lab.onStop(async () => {
      unfollow();
      await api.stop();
    });
    return this.file('kubeconfig.json', kubeconfig(api.url));
  }
}

interface AppStart {
  name: string;
  /** Default: as its name. */
  program?: ProgramName;
  what: string;
  port: number;
  env: Readonly<Record<string, string>>;
  onLine?: (line: string) => boolean;
}
