import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';
import { expect } from 'vitest';
import { Caller } from '../client/caller.ts';
import { ApiServer } from './api-server.ts';

const program = (app: string) => fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));

/** Addresses for benchmarks between networks (RFC 2544), which no network has: here all of them are this machine's. */
const network = '198.18.77.0/24';
const address = (host: number) => `198.18.77.${host}`;
const route = (verb: 'replace' | 'del') => execFileSync('ip', ['route', verb, 'local', network, 'dev', 'lo']);

/** A cluster: an API server, and pods as processes that it has in a slice. */
export interface Region {
  name: string;
  api: ApiServer;
  kubeconfig: string;
  addresses: readonly string[];
  pods: ManagedProcess[];
}

const mesh = `clusters:
  eu: {}
  us: { kubeconfig: us/kubeconfig }
services:
  shop:
    source: { kubernetes: { service: shop, port: grpc, clusters: [eu, us] } }
    # All calls under way break at once: the usual budget for retries would refuse some.
    policy: { retry: { attempts: 5 }, circuitBreaker: { maxRetries: 1000 } }
listeners:
  - { name: in, address: 127.0.0.1, port: 0 }
`;

/** Two clusters, and programs that are in the first of them. */
export class Scene {
  readonly regions: Region[] = [];
  readonly #running: ManagedProcess[] = [];
  readonly #callers: Caller[] = [];
  #directory = '';

  async start(): Promise<void> {
    route('replace');
    this.#directory = await mkdtemp(join(tmpdir(), 'evenly-regions-'));
    await Promise.all(
      ['eu', 'us'].map(async (name, index) => {
        const api = new ApiServer(join(this.#directory, name), address(250 + index));
        const addresses = [1, 2].map((pod) => address(100 * index + pod));
        const region: Region = { name, api, addresses, kubeconfig: '', pods: [] };
        this.regions[index] = region;
        await api.start();
        region.kubeconfig = await api.kubeconfig();
        await api.put(addresses);
        await this.startPods(region);
      }),
    );
    await writeFile(join(this.#directory, 'mesh.yaml'), mesh);
  }

  async startPods(region: Region): Promise<void> {
    region.pods = region.addresses.map((host, index) =>
      this.#run('echo-backend', ['--name', `${region.name}-${index}`, '--host', host, '--port', '50051']),
    );
    await Promise.all(region.pods.map((pod) => pod.listening(['grpc'], 60_000)));
  }

  /**
   * All of a cluster at once: the API server is killed, so nobody hears of the pods' end but by their connections. Pods end in
   * order: a call whose response has begun cannot be tried again by anybody (gRFC A6).
   */
  async end({ api, pods }: Region): Promise<void> {
    api.kill();
    await Promise.all(pods.map((pod) => pod.stop(30_000)));
  }

  /** In the first cluster, as soon as it is ready. */
  async program(app: 'xds-server' | 'l7-proxy', what: string): Promise<ManagedProcess> {
    const files = [
      '--config',
      join(this.#directory, 'mesh.yaml'),
      '--kubeconfig',
      this.regions[0]!.kubeconfig,
    ];
    const ports = app === 'xds-server' ? ['--host', '127.0.0.1', '--port', '0'] : [];
    const running = this.#run(app, [...files, ...ports]);
    await running.listening([what, 'admin'], 60_000);
    await expect.poll(() => admin(running, '/readyz'), { timeout: 60_000 }).toBe('ready\n');
    return running;
  }

  caller(use: 'xds' | 'stock', server: ManagedProcess, what: string): Caller {
    const { address: host, port } = server.addresses.get(what)!;
    const servers = [{ server_uri: `${host}:${port}`, channel_creds: [{ type: 'insecure' }] }];
    // Its region is in the words of a cloud: it counts as the server's.
    const node = { id: 'caller', locality: { region: 'europe-west1', zone: 'a' } };
    const env = { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify({ xds_servers: servers, node }) };
    const target = use === 'xds' ? 'xds:///shop' : `${host}:${port}`;
    const authority = use === 'xds' ? {} : { authority: 'shop' };
    const caller = new Caller(
      { target, use, ...authority, ratePerS: 50, deadlineMs: 30_000, kubeApi: '' },
      env,
    );
    this.#callers.push(caller);
    return caller;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#callers.map((caller) => caller.stop()));
    for (const { api } of this.regions) api.kill();
    await Promise.all(this.#running.map((each) => each.stop(10_000)));
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
    route('del');
  }

  #run(app: string, args: string[]): ManagedProcess {
    const command = [process.execPath, program(app), ...args, '--admin-port', '0', '--exit-with-parent'];
    const running = new ManagedProcess({ name: app, command, env: process.env });
    this.#running.push(running);
    return running;
  }
}

/** `/status` (JSON), `/readyz` and `/metrics` (text) of a program. */
export async function admin(server: ManagedProcess, path: string): Promise<string> {
  const { address: host, port } = server.addresses.get('admin')!;
  return await (await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`)).text();
}
