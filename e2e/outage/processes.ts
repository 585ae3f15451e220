import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { followCluster, KubeApi, LocalCluster, ManagedProcess } from '@evenly/local-cluster';

const node = process.execPath;
const program = (app: string) => fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));

const mesh = `
services:
  be1-srv:
    source: { kubernetes: { service: be1-srv, port: grpc } }
    healthCheck: { interval: 1s, timeout: 5s } # other tests run beside this one: a check may take its time
`;

/** Its own, so that nobody gets its port while it is away: other processes of this machine take any port of 127.0.0.1. */
const apiHost = process.platform === 'linux' ? '127.254.254.254' : '127.0.0.1';

/** Pods, an API server that knows them, an xds-server that follows it: all as in a cluster, on loopback. */
export class OutageScene {
  readonly cluster = new LocalCluster();
  readonly api = new KubeApi({ host: apiHost });
  readonly #running: ManagedProcess[] = [];
  #directory = '';
  #unfollow = () => {};
  #xdsServer: ManagedProcess | undefined;

  async start(replicas: number): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'evenly-outage-'));
    const command = ({ name, host }: { name: string; host: string }) => {
      const ports = ['--host', host, '--port', '0', '--admin-host', host, '--admin-port', '0'];
      return [node, program('echo-backend'), '--name', name, ...ports, '--exit-with-parent'];
    };
    this.cluster.add('be1-srv', { replicas, command });
    await this.cluster.start();
    await this.api.start();
    this.#unfollow = followCluster(this.api, this.cluster);

    const kubeconfig = await this.#write('kubeconfig.yaml', kubeconfigOf(this.api.url));
    const config = await this.#write('mesh.yaml', mesh);
    const files = ['--config', config, '--kubeconfig', kubeconfig];
    const ports = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0'];
    this.#xdsServer = this.#run('xds-server', [...files, ...ports], {});
    await this.#xdsServer.listening(['xds', 'admin'], 60_000);
  }

  get xdsServer(): ManagedProcess {
    return this.#xdsServer!;
  }

  /** A new frontend, so a new xDS client. @returns its URL */
  async frontend(): Promise<string> {
    const { address, port } = this.xdsServer.addresses.get('xds')!;
    const servers = [{ server_uri: `${address}:${port}`, channel_creds: [{ type: 'insecure' }] }];
    const bootstrap = { xds_servers: servers, node: { id: 'outage', locality: { zone: 'a' } } };
    const env = { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) };
    const frontend = this.#run('frontend', ['--host', '127.0.0.1', '--port', '0'], env);
    await frontend.listening(['http'], 60_000);
    return `http://127.0.0.1:${frontend.addresses.get('http')!.port}`;
  }

  /** The xds-server's `/status` (JSON) or `/metrics` (text). */
  async admin(path: string): Promise<string> {
    const { address, port } = this.xdsServer.addresses.get('admin')!;
    return await (await fetch(`http://${address}:${port}${path}`)).text();
  }

  async stop(): Promise<void> {
    this.#unfollow();
    await Promise.all(this.#running.map((each) => each.stop(10_000)));
    await this.cluster.stop();
    await this.api.stop();
    await rm(this.#directory, { recursive: true });
  }

  #run(app: string, args: string[], env: Record<string, string>): ManagedProcess {
    const command = [node, program(app), ...args, '--exit-with-parent'];
    const running = new ManagedProcess({ name: app, command, env: { ...process.env, ...env } });
    this.#running.push(running);
    return running;
  }

  async #write(name: string, text: string): Promise<string> {
    await writeFile(join(this.#directory, name), text);
    return join(this.#directory, name);
  }
}

/** JSON is YAML. */
const kubeconfigOf = (server: string) =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'outage' },
    clusters: [{ name: 'outage', cluster: { server } }],
    contexts: [{ name: 'outage', context: { cluster: 'outage', user: '' } }],
  });
