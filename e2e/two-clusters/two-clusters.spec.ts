import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kubectl } from '../kind/kubectl.ts';
import { PortForward } from '../kind/port-forward.ts';
import { callFrontend, type Answer } from '../shared/frontend-client.ts';
import { eventually, Load } from '../shared/wait.ts';

const run = promisify(execFile);

const { US_KUBECONFIG: usKubeconfig, US_API_SERVER: usServer, US_NODE: usNode } = process.env;
const cannotRun = usKubeconfig === undefined || usServer === undefined || usNode === undefined;

const namespace = 'two-clusters';
const service = 'be1-srv';
const overlayOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Both clusters are found again by processes that have to start first. */
const patienceMs = 180_000;

const eu = new Kubectl(namespace);
const us = new Kubectl(namespace, usKubeconfig);

/** What a cluster's xds-server of another one gets: the token of a ServiceAccount, and how to know the API server. */
async function kubeconfigOfUs(): Promise<string> {
  const { stdout: token } = await us.run('create', 'token', 'xds-server-of-eu', '--duration=2h');
  const { stdout: authority } = await us.run(
    ...[
      'config',
      'view',
      '--raw',
      '--minify',
      '--output=jsonpath={.clusters[0].cluster.certificate-authority-data}',
    ],
  );
  const cluster = { server: usServer, 'certificate-authority-data': authority };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'us', cluster }],
    users: [{ name: 'us', user: { token: token.trim() } }],
    contexts: [{ name: 'us', context: { cluster: 'us', user: 'us' } }],
    'current-context': 'us',
  });
}

const podsOf = async (kubectl: Kubectl) =>
  (await kubectl.pods(`app.kubernetes.io/instance=${service}`))
    .filter(({ terminating }) => !terminating)
    .map(({ name }) => name);

describe.skipIf(cannotRun)('a service of two kind clusters', () => {
  let forward: PortForward;
  const call = (calls: number): Promise<Answer> => callFrontend(forward.url, service, calls);
  /** Which of these pods, and no others, answer. */
  const isAnsweredBy = (pods: readonly string[]) =>
    eventually(async () => {
      const { status, byPod } = await call(20);
      expect([status, [...byPod.keys()].sort()]).toEqual([200, [...pods].sort()]);
    }, patienceMs);
  const clusters = async () => {
    const [server] = await eu.pods('app.kubernetes.io/name=xds-server');
    const status = await eu.adminPage(server!.name, server!.adminPort!, 'status');
    return (JSON.parse(status) as { clusters: { name: string; away: number; endpoints: number }[] }).clusters;
  };

  beforeAll(async () => {
    await us.run('apply', '--kustomize', overlayOf('us'));
    await us.rolledOut(service);
    await eu.run('create', 'namespace', namespace);
    await eu.run(
      'create',
      'secret',
      'generic',
      'us-kubeconfig',
      `--from-literal=kubeconfig=${await kubeconfigOfUs()}`,
    );
    await eu.run('apply', '--kustomize', overlayOf('eu'));
    for (const deployment of [service, 'xds-server', 'frontend']) await eu.rolledOut(deployment);
    const [frontend] = await eu.pods('app.kubernetes.io/name=frontend');
    forward = await PortForward.open(namespace, frontend!.name, 8080);
  });
  afterAll(() => forward?.close());

  it('no call fails while its own pods go and come, and while the other cluster goes away', async () => {
    const load = new Load({ call: (_, calls) => call(calls) }, service);
    const own = await podsOf(eu);
    const others = await podsOf(us);
    await isAnsweredBy(own);
    await eventually(async () =>
      expect(await clusters()).toMatchObject([
        { name: 'eu', away: 0, endpoints: 2 },
        { name: 'us', away: 0, endpoints: 2 },
      ]),
    );

    await eu.run('scale', `deployment/${service}`, '--replicas=0');
    await isAnsweredBy(others);
    await eu.run('scale', `deployment/${service}`, '--replicas=2');
    await eu.rolledOut(service);
    await isAnsweredBy(await podsOf(eu));

    // All of it at once: its API server, its pods, its network.
    await run('docker', ['pause', usNode!]);
    await eventually(
      async () => expect(await clusters()).toMatchObject([{ away: 0 }, { away: 1 }]),
      patienceMs,
    );
    await isAnsweredBy(await podsOf(eu));
    await eu.run('rollout', 'restart', 'deployment/xds-server');
    await eu.rolledOut('xds-server');
    await isAnsweredBy(await podsOf(eu));
    await run('docker', ['unpause', usNode!]);
    await eventually(
      async () => expect(await clusters()).toMatchObject([{ away: 0 }, { away: 0, endpoints: 2 }]),
      patienceMs,
    );
    expect(await load.stop()).toEqual([]);
    const calls = load.answers.reduce((sum, { messages }) => sum + messages.length, 0);
    console.log(`${calls} calls, 0 failed`);
  });
});
