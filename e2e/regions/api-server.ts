import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ManagedProcess } from '@evenly/local-cluster';

const cache =
  process.env.K8SRIG_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'k8srig');
const binary = (name: string) => join(cache, 'bin', name);

/** Whether there are etcd and a kube-apiserver to start, by somebody who may give this machine addresses. */
export const canRun =
  existsSync(binary('kube-apiserver')) && existsSync(binary('etcd')) && process.getuid?.() === 0;

const token = 'of-a-test';

/** A real API server with an etcd, as processes at an address of its own: no nodes, so its slices are what is put in. */
export class ApiServer {
  readonly #directory: string;
  readonly #address: string;
  #running: ManagedProcess[] = [];

  /** @param address of this machine; not a loopback one, which Kubernetes refuses */
  constructor(directory: string, address: string) {
    this.#directory = directory;
    this.#address = address;
  }

  /** Also again after `kill`: what was put in is kept. */
  async start(): Promise<void> {
    await this.#writeCredentials();
    const file = (name: string) => join(this.#directory, name);
    const url = (port: number) => `http://${this.#address}:${port}`;
    this.#run('etcd', [
      ...['--data-dir', file('etcd'), '--unsafe-no-fsync', '--log-level', 'error'],
      ...['--listen-client-urls', url(2379), '--advertise-client-urls', url(2379)],
      ...['--listen-peer-urls', url(2380), '--initial-advertise-peer-urls', url(2380)],
      ...['--initial-cluster', `default=${url(2380)}`],
    ]);
    this.#run('kube-apiserver', [
      ...['--bind-address', this.#address, '--advertise-address', this.#address],
      ...['--etcd-servers', url(2379), '--cert-dir', this.#directory, '--token-auth-file', file('tokens')],
      ...['--service-account-issuer', 'https://test', '--service-account-signing-key-file', file('sa.key')],
      ...['--service-account-key-file', file('sa.key'), '--service-cluster-ip-range', '10.96.0.0/16'],
      ...['--authorization-mode', 'AlwaysAllow', '--endpoint-reconciler-type', 'none', '--profiling=false'],
    ]);
    for (const end = Date.now() + 120_000; ;) {
      const answer = await this.#ask('GET', '/api/v1/namespaces/default').catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.status === 200) return;
      if (Date.now() > end) throw new Error('the API server does not come up', { cause: answer });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** The slices of the service `shop`, instead of those before. */
  async put(addresses: readonly string[]): Promise<void> {
    const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
    const slice = {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { name: 'shop-1', labels: { 'kubernetes.io/service-name': 'shop' } },
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports: [{ name: 'grpc', port: 50_051, protocol: 'TCP' }],
    };
    const { status, text } = await this.#ask('POST', path, slice);
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${text}`);
  }

  /** A kubeconfig whose token comes from an exec plugin. @returns its path */
  async kubeconfig(): Promise<string> {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token },
    };
    await writeFile(join(this.#directory, 'credential.json'), JSON.stringify(credential));
    const path = join(this.#directory, 'kubeconfig');
    const exec = {
      ...{ apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' },
      ...{ command: 'cat', args: [join(this.#directory, 'credential.json')] },
    };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      clusters: [
        {
          name: 'c',
          cluster: { server: `https://${this.#address}:6443`, 'certificate-authority': 'apiserver.crt' },
        },
      ],
      users: [{ name: 'c', user: { exec } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  kill(): void {
    for (const running of this.#running.splice(0)) running.kill();
  }

  async #writeCredentials(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    if (existsSync(join(this.#directory, 'sa.key'))) return;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(join(this.#directory, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(join(this.#directory, 'tokens'), `${token},test,1,system:masters\n`);
  }

  #run(name: string, args: string[]): void {
    const command = [binary(name), ...args];
    this.#running.push(new ManagedProcess({ name, command, env: { ...process.env, GOMAXPROCS: '1' } }));
  }

  async #ask(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const ca = await readFile(join(this.#directory, 'apiserver.crt'), 'utf8');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      const asked = request(
        `https://${this.#address}:6443${path}`,
        { method, headers, ca, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode!, text }));
        },
      );
      asked.on('error', reject).end(body && JSON.stringify(body));
    });
  }
}
