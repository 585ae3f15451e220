import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { callFrontend, type Answer } from '../shared/frontend-client.ts';
import { ClientPod } from './client-pod.ts';
import { keepForLater } from './failures.ts';
import { Kubectl, type Pod } from './kubectl.ts';
import { PortForward } from './port-forward.ts';

/** The directory of a scenario's overlay. */
export const overlayOf = (name: string) =>
  fileURLToPath(new URL(`../../k8s/overlays/${name}`, import.meta.url));

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
  frontends: readonly FrontendPod[] = [];
  clients: readonly ClientPod[] = [];
  #nextFrontend = 0;

  private constructor(kubectl: Kubectl) {
    this.kubectl = kubectl;
  }

  /**
   * Applies the overlay, waits until all of it is ready, and opens a way to each frontend and echo-client.
   * @param name of its namespace
   * @throws Error where its namespace exists already: it may be somebody's, and the end of the tests deletes it
   */
  static async start(name: string, overlay = name): Promise<Scenario> {
    const kubectl = new Kubectl(name);
    const { stdout } = await kubectl.run('get', 'namespace', name, '--ignore-not-found', '--output=name');
    if (stdout !== '')
      throw new Error(`the cluster has a namespace ${name} already: kubectl delete namespace ${name}`);
    const scenario = new Scenario(kubectl);
    try {
      await kubectl.run('apply', '--kustomize', overlayOf(overlay));
      await scenario.#ready();
    } catch (error) {
      await scenario.keepForLater();
      await scenario.stop();
      throw error;
    }
    return scenario;
  }

  async #ready(): Promise<void> {
    for (const deployment of await this.kubectl.names('deployments'))
      await this.kubectl.rolledOut(deployment);
    await this.reconnect();
  }

  /** Opens the ways to the frontends and clients that there are now. */
  async reconnect(): Promise<void> {
    await this.#disconnect();
    const { namespace } = this.kubectl;
    this.frontends = await Promise.all(
      (await this.#running('frontend')).map(async (pod) => ({
        ...pod,
        forward: await PortForward.open(namespace, pod.name, 8080),
      })),
    );
    this.clients = await Promise.all(
      (await this.#running('echo-client')).map(({ name }) => ClientPod.open(namespace, name)),
    );
  }

  async #running(app: string): Promise<Pod[]> {
    return (await this.kubectl.pods(labelOf(app))).filter(({ terminating }) => !terminating);
  }

  async #disconnect(): Promise<void> {
    const { frontends, clients } = this;
    this.frontends = [];
    this.clients = [];
    for (const { forward } of frontends) await forward.close();
    for (const client of clients) await client.close();
  }

  async stop(): Promise<void> {
    await this.#disconnect();
    await this.kubectl.run('delete', 'namespace', this.kubectl.namespace, '--ignore-not-found');
  }

  /** The echo-client, where the scenario has one. */
  get client(): ClientPod {
    return this.clients[0]!;
  }

  /** The echo-client of a Deployment, where there are several. */
  clientOf(deployment: string): ClientPod {
    return this.clients.find(({ name }) => name.startsWith(`${deployment}-`))!;
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

  /**
   * Edits a file of an app's ConfigMap. The kubelet brings it to the pods within its sync period, a minute, and sooner to
   * a pod that changes: so they are touched.
   */
  async editConfig(app: string, file: string, edit: (text: string) => string): Promise<void> {
    const configMap = `${app}-config`;
    const { stdout } = await this.kubectl.run('get', 'configmap', configMap, '--output=json');
    const { data } = JSON.parse(stdout) as { data: Record<string, string> };
    const patch = JSON.stringify({ data: { [file]: edit(data[file]!) } });
    await this.kubectl.run('patch', 'configmap', configMap, `--patch=${patch}`);
    const touch = `evenly/touched=${Date.now()}`;
    await this.kubectl.run('annotate', 'pods', `--selector=${labelOf(app)}`, '--overwrite', touch);
  }

  /** The pods of the frontend and the xds-server, to see whether they are still the same. */
  async others(): Promise<Pod[]> {
    return [
      ...(await this.kubectl.pods(labelOf('frontend'))),
      ...(await this.kubectl.pods(labelOf('xds-server'))),
    ];
  }

  keepForLater = (): Promise<void> => keepForLater(this.kubectl);
}

/** The tests of one overlay: it is there while they run; what it says is kept when one fails. */
export function describeScenario(
  name: string,
  tests: (scenario: () => Scenario) => void,
  overlay = name,
): void {
  describe.skipIf(noCluster)(`${name}${noCluster ? ` (skipped: ${noCluster})` : ''}`, () => {
    let scenario: Scenario | undefined;
    beforeAll(async () => {
      scenario = await Scenario.start(name, overlay);
    });
    afterAll(() => scenario?.stop());
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await scenario?.keepForLater();
    });
    tests(() => scenario!);
  });
}
