import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  followCluster,
  KubeApi,
  LocalCluster,
  ManagedProcess,
  slicesOfService,
  type EndpointSliceObject,
} from '@evenly/local-cluster';
import { Caller, nowMs, type CallerOptions } from './caller.ts';

const node = process.execPath;
const program = (app: string) => fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));

export const schemes = ['dns', 'dns+a', 'dns+srv', 'k8s', 'xds'] as const;
export type SchemeName = (typeof schemes)[number];

/** How often our DNS resolvers look. */
export const refreshMs = 1000;
/** A pod serves on for so long after it was withdrawn: what a preStop hook does. More than a DNS refresh. */
const preStopDelayMs = 1500;

/** What a pod can be told to do. */
export interface Behaviour {
  delay?: string;
  failRatio?: number;
  hang?: boolean;
}

/**
 * A service whose pods have addresses of their own and one port, as in Kubernetes, so that all schemes find the same
 * pods; and who tells of them: DNS, an EndpointSlice API, an xds-server.
 */
export class Scene {
  readonly cluster = new LocalCluster();
  readonly api = new KubeApi();
  readonly #callers: Caller[] = [];
  /** When pods were first seen running. */
  readonly #runningSince = new Map<string, number>();
  #watch: NodeJS.Timeout | undefined;
  #port = 0;
  #directory = '';
  #meshFiles: string[] = [];
  #unfollow = () => {};
  #xdsServer: ManagedProcess | undefined;
  #proxy: ManagedProcess | undefined;

  async start(replicas: number): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'evenly-client-'));
    this.#port = await freePort();
    const command = ({ name, host, port }: { name: string; host: string; port: number }) => [
      ...[node, program('echo-backend'), '--name', name, '--exit-with-parent'],
      ...['--host', host, '--port', `${port}`, '--admin-host', host, '--admin-port', '0'],
    ];
    this.cluster.add('be1-srv', { replicas, command, preStopDelayMs, port: this.#port });
    await this.cluster.start();
    await this.api.start();
    this.followPods();
    this.#watch = setInterval(() => this.#note(), 5);
    await this.#startXds();
  }

  get #service() {
    return this.cluster.service('be1-srv');
  }

  get pods(): string[] {
    return this.#service.status.pods.filter(({ state }) => state === 'running').map(({ name }) => name);
  }

  scale(replicas: number): Promise<void> {
    return this.#service.scale(replicas);
  }

  /** All pods, one after the other. @returns how long it took */
  async restart(): Promise<number> {
    const beganMs = nowMs();
    await this.#service.restart();
    return nowMs() - beganMs;
  }

  /** Keeps the EndpointSlices true to the pods. */
  followPods(): void {
    this.#unfollow();
    this.#unfollow = followCluster(this.api, this.cluster);
  }

  /** The EndpointSlices become what this makes of each, pods or not: nothing where it makes nothing. */
  rewriteSlices(change: (slice: EndpointSliceObject) => EndpointSliceObject | undefined): void {
    this.#unfollow();
    for (const slice of slicesOfService(this.#service.status)) {
      const changed = change(slice);
      if (changed === undefined) this.api.store.delete(slice.metadata.namespace, slice.metadata.name);
      else this.api.store.put(changed);
    }
  }

  /** Calls go through a proxy of the same mesh, from now on. @returns its address */
  async startProxy(): Promise<string> {
    const ports = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0', '--exit-with-parent'];
    this.#proxy = new ManagedProcess({
      name: 'l7-proxy',
      command: [node, program('l7-proxy'), ...this.#meshFiles, ...ports],
      env: process.env,
    });
    await this.#proxy.listening(['proxy', 'admin'], 20_000);
    const { address, port } = this.#proxy.addresses.get('proxy')!;
    return `${address}:${port}`;
  }

  /** When a pod became ready. */
  readyAtMs(pod: string): number {
    return this.#runningSince.get(pod)!;
  }

  async behave(pod: string, behaviour: Behaviour): Promise<void> {
    await this.cluster.pod(pod).behaviour({ ...behaviour });
  }

  call(scheme: SchemeName, options: Partial<CallerOptions> = {}): Caller {
    const dns = `127.0.0.1:${this.cluster.dns.status.port}`;
    const name = 'be1-srv.default.svc.cluster.local';
    const targets: Record<SchemeName, string> = {
      dns: `dns://${dns}/${name}:${this.#port}`,
      'dns+a': `dns+a://${dns}/${name}:${this.#port}`,
      'dns+srv': `dns+srv://${dns}/_grpc._tcp.${name}`,
      k8s: 'k8s:///be1-srv.default:grpc',
      xds: 'xds:///be1-srv',
    };
    const use = scheme === 'dns' ? 'stock' : scheme === 'xds' ? 'xds' : 'evenly';
    const stock = { loadBalancingConfig: [{ round_robin: {} }] };
    const caller = new Caller(
      {
        ...{ target: targets[scheme], use, ratePerS: 200, deadlineMs: 5000, kubeApi: this.api.url },
        dns: { refreshMs, minRefreshMs: 200 },
        ...(use === 'stock' && { serviceConfig: stock }),
        ...options,
      },
      this.#env(),
    );
    this.#callers.push(caller);
    return caller;
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all(this.#callers.map((caller) => caller.stop()));
    this.#unfollow();
    await Promise.all([this.#xdsServer?.stop(10_000), this.#proxy?.stop(10_000)]);
    await this.cluster.stop();
    await this.api.stop();
    await rm(this.#directory, { recursive: true });
  }

  #note(): void {
    for (const name of this.pods) if (!this.#runningSince.has(name)) this.#runningSince.set(name, nowMs());
  }

  #env(): Record<string, string> {
    const { address, port } = this.#xdsServer!.addresses.get('xds')!;
    const servers = [{ server_uri: `${address}:${port}`, channel_creds: [{ type: 'insecure' }] }];
    const bootstrap = { xds_servers: servers, node: { id: 'caller', locality: { zone: 'a' } } };
    // The stock resolver asks a DNS server of our choice only with its other implementation.
    return {
      GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap),
      GRPC_NODE_USE_ALTERNATIVE_RESOLVER: 'true',
    };
  }

  async #startXds(): Promise<void> {
    const mesh = {
      services: { 'be1-srv': { source: { kubernetes: { service: 'be1-srv', port: 'grpc' } } } },
    };
    const kubeconfig = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'a' },
      clusters: [{ name: 'a', cluster: { server: this.api.url } }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: '' } }],
    };
    this.#meshFiles = ['--config', await this.#write('mesh.yaml', mesh)];
    this.#meshFiles.push('--kubeconfig', await this.#write('kubeconfig', kubeconfig));
    const ports = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0', '--exit-with-parent'];
    this.#xdsServer = new ManagedProcess({
      name: 'xds-server',
      command: [node, program('xds-server'), ...this.#meshFiles, ...ports],
      env: process.env,
    });
    await this.#xdsServer.listening(['xds', 'admin'], 20_000);
  }

  /** JSON is YAML. */
  async #write(name: string, content: object): Promise<string> {
    await writeFile(join(this.#directory, name), JSON.stringify(content));
    return join(this.#directory, name);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
