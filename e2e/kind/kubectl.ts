import { execFile } from 'node:child_process';
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
}

/** kubectl in one namespace of the cluster that KUBECONFIG says. */
export class Kubectl {
  readonly namespace: string;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  /**
   * @returns standard output and standard error, where kubectl's warnings are
   * @throws Error with what kubectl said, when it failed or took more than four minutes
   */
  async run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    const options = { timeout: timeoutMs, maxBuffer: maxOutputBytes };
    return run('kubectl', ['--namespace', this.namespace, ...args], options);
  }

  /** Pods with these labels (`key=value,key=value`), those that are being ended included, by name. */
  async pods(selector: string): Promise<Pod[]> {
    const { stdout } = await this.run('get', 'pods', '--selector', selector, '--output', 'json');
    const { items } = JSON.parse(stdout) as { items: PodObject[] };
    const pods = items.map(({ metadata, status }) => ({
      name: metadata.name,
      zone: metadata.labels['topology.kubernetes.io/zone'],
      restarts: (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
      terminating: metadata.deletionTimestamp !== undefined,
    }));
    return pods.sort((a, b) => (a.name < b.name ? -1 : 1));
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

interface PodObject {
  metadata: { name: string; labels: Record<string, string>; deletionTimestamp?: string };
  status: { containerStatuses?: { restartCount: number }[] };
}
