import { execFile, type PromiseWithChild } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Longer than any roll-out here; a kubectl that hangs ends. */
const timeoutMs = 240_000;
const maxOutputBytes = 32 * 1024 * 1024;

/** What a pod is, as far as the tests look. */
export interface Pod {
  name: string;
  zone: string | undefined;
  restarts: number;
  terminating: boolean;
  /** Of its port that is named admin, or else http. */
  adminPort: number | undefined;
  node: string | undefined;
}

/** kubectl in one namespace of a cluster. */
export class Kubectl {
  readonly namespace: string;
  readonly #cluster: readonly string[];

  /** @param kubeconfig absent: the cluster that KUBECONFIG says */
  constructor(namespace: string, kubeconfig?: string) {
    this.namespace = namespace;
    this.#cluster = kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];
  }

  /**
   * @returns standard output and standard error, where kubectl's warnings are
   * @throws Error with what kubectl said, when it failed or took more than four minutes
   */
  run(...args: string[]): PromiseWithChild<{ stdout: string; stderr: string }> {
    const options = { timeout: timeoutMs, maxBuffer: maxOutputBytes };
    return run('kubectl', [...this.#cluster, '--namespace', this.namespace, ...args], options);
  }

  /** Applies manifests that are given as text. */
  async apply(yaml: string): Promise<void> {
    const applying = this.run('apply', '--filename', '-');
    applying.child.stdin!.end(yaml);
    await applying;
  }

  /** Pods with these labels (`key=value,key=value`), those that are being ended included, by name. */
  async pods(selector: string): Promise<Pod[]> {
    const { stdout } = await this.run('get', 'pods', '--selector', selector, '--output', 'json');
    const { items } = JSON.parse(stdout) as { items: PodObject[] };
    const pods = items.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      zone: metadata.labels['topology.kubernetes.io/zone'],
      restarts: (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
      terminating: metadata.deletionTimestamp !== undefined,
      adminPort: adminPortOf(spec.containers),
      node: spec.nodeName,
    }));
    return pods.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Names of the namespace's objects of a kind. */
  async names(kind: string): Promise<string[]> {
    const { stdout } = await this.run('get', kind, '--output=jsonpath={.items[*].metadata.name}');
    return stdout.split(' ').filter((name) => name !== '');
  }

  /** What a pod's admin port answers, by way of the API server. */
  async adminPage(pod: string, port: number, path: string): Promise<string> {
    const url = `/api/v1/namespaces/${this.namespace}/pods/${pod}:${port}/proxy/${path}`;
    return (await this.run('get', '--raw', url)).stdout;
  }

  /** Logs of all pods of an app, from their beginning. */
  async logs(app: string): Promise<string> {
    const selector = `app.kubernetes.io/name=${app}`;
    return (await this.run('logs', '--selector', selector, '--tail=-1', '--prefix')).stdout;
  }

  /** Waits until the Deployment is as its spec says. */
  async rolledOut(deployment: string): Promise<void> {
    await this.run('rollout', 'status', `deployment/${deployment}`, '--timeout=180s');
  }
}

interface Container {
  ports?: { name?: string; containerPort: number }[];
}

function adminPortOf(containers: readonly Container[]): number | undefined {
  const ports = containers.flatMap((container) => container.ports ?? []);
  const port = ports.find(({ name }) => name === 'admin') ?? ports.find(({ name }) => name === 'http');
  return port?.containerPort;
}

interface PodObject {
  metadata: { name: string; labels: Record<string, string>; deletionTimestamp?: string };
  spec: { nodeName?: string; containers: Container[] };
  status: { containerStatuses?: { restartCount: number }[] };
}
