import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callFrontend, type Answer } from '../shared/frontend-client.ts';
import { Kubectl, type Pod } from './kubectl.ts';
import { PortForward } from './port-forward.ts';

/** The directory of a scenario's overlay. */
export const overlayOf = (name: string) =>
  fileURLToPath(new URL(`../../k8s/overlays/${name}`, import.meta.url));
/** What is kept of a scenario whose test failed; git ignores *.log. */
const failures = fileURLToPath(new URL('failures/', import.meta.url));

const labelOf = (app: string) => `app.kubernetes.io/name=${app}`;
const labelOfService = (service: string) => `app.kubernetes.io/instance=${service}`;

/** Why there is no cluster to test in; undefined where there is one. */
export const noCluster = process.env['KUBECONFIG'] ? undefined : 'KUBECONFIG is not set; see kind/run.sh';

/** A frontend's pod, and the way to it. */
export interface FrontendPod extends Pod {
  forward: PortForward;
}

/** An overlay of k8s/ in the cluster, and what can be done to it. */
export class Scenario {
  readonly kubectl: Kubectl;
  readonly frontends: readonly FrontendPod[];
  #nextFrontend = 0;

  private constructor(kubectl: Kubectl, frontends: readonly FrontendPod[]) {
    this.kubectl = kubectl;
    this.frontends = frontends;
  }

  /**
   * Applies the overlay, waits until all of it is ready, and opens a way to each frontend.
   * @throws Error where its namespace exists already: it may be somebody's, and the end of the tests deletes it
   */
  static async start(name: string): Promise<Scenario> {
    const kubectl = new Kubectl(name);
    const { stdout } = await kubectl.run('get', 'namespace', name, '--ignore-not-found', '--output=name');
    if (stdout !== '')
      throw new Error(`the cluster has a namespace ${name} already: kubectl delete namespace ${name}`);
    await kubectl.run('apply', '--kustomize', overlayOf(name));
    for (const deployment of ['be1-srv', 'be2-srv', 'frontend', 'xds-server'])
      await kubectl.rolledOut(deployment);
    const pods = await kubectl.pods(labelOf('frontend'));
    const frontends: FrontendPod[] = [];
    for (const pod of pods) frontends.push({ ...pod, forward: await PortForward.open(name, pod.name, 8080) });
    return new Scenario(kubectl, frontends);
  }

  async stop(): Promise<void> {
    for (const { forward } of this.frontends) await forward.close();
    await this.kubectl.run('delete', 'namespace', this.kubectl.namespace);
  }

  /** Asks the frontends, one after the other, to call a service. */
  async call(service: string, calls = 15): Promise<Answer> {
    const frontend = this.frontends[this.#nextFrontend++ % this.frontends.length]!;
    return callFrontend(frontend.forward.url, service, calls);
  }

  /** Pods of a service, without those that are being ended. */
  async podsOf(service: string): Promise<Pod[]> {
    return (await this.kubectl.pods(labelOfService(service))).filter(({ terminating }) => !terminating);
  }

  /** True as long as pods of the service are being ended. */
  async isEnding(service: string): Promise<boolean> {
    return (await this.kubectl.pods(labelOfService(service))).some(({ terminating }) => terminating);
  }

  async scale(service: string, replicas: number): Promise<void> {
    await this.kubectl.run('scale', `deployment/${service}`, `--replicas=${replicas}`);
    await this.kubectl.rolledOut(service);
  }

  async restart(deployment: string): Promise<void> {
    await this.kubectl.run('rollout', 'restart', `deployment/${deployment}`);
    await this.kubectl.rolledOut(deployment);
  }

  /** The pods of the frontend and the xds-server, to see whether they are still the same. */
  async others(): Promise<Pod[]> {
    return [
      ...(await this.kubectl.pods(labelOf('frontend'))),
      ...(await this.kubectl.pods(labelOf('xds-server'))),
    ];
  }

  /** Keeps pods, events and logs in e2e/kind/failures. */
  async keepLogs(): Promise<void> {
    const parts = [
      ['get', 'all', '--output=wide'],
      ['get', 'events', '--sort-by=.lastTimestamp'],
      [
        'logs',
        '--selector=app.kubernetes.io/part-of=evenly',
        '--tail=-1',
        '--prefix',
        '--max-log-requests=50',
      ],
    ];
    const texts: string[] = [];
    for (const args of parts) {
      const { stdout } = await this.kubectl.run(...args);
      texts.push(`$ kubectl ${args.join(' ')}\n${stdout}`);
    }
    await mkdir(failures, { recursive: true });
    await writeFile(join(failures, `${this.kubectl.namespace}.log`), texts.join('\n'));
  }
}
