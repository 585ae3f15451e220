import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeApi, type ServedKind } from '@evenly/local-cluster';
import { run } from './run.ts';

const kinds: readonly ServedKind[] = [
  { kind: 'Deployment', apiVersion: 'apps/v1', plural: 'deployments', empty: {} },
  { kind: 'StatefulSet', apiVersion: 'apps/v1', plural: 'statefulsets', empty: {} },
  { kind: 'DaemonSet', apiVersion: 'apps/v1', plural: 'daemonsets', empty: {} },
  { kind: 'Pod', apiVersion: 'v1', plural: 'pods', empty: {} },
  { kind: 'Namespace', apiVersion: 'v1', plural: 'namespaces', empty: {} },
  { kind: 'PodDisruptionBudget', apiVersion: 'policy/v1', plural: 'poddisruptionbudgets', empty: {} },
];

let directory: string;
let api: KubeApi;
let kubeconfig: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenly-doctor-'));
  api = new KubeApi();
  for (const kind of kinds) api.serve(kind);
  await api.start();
  kubeconfig = join(directory, 'config');
  const cluster = (server: string) => ({ cluster: { server } });
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'gone' },
    clusters: [
      { name: 'here', ...cluster(api.url) },
      { name: 'gone', ...cluster('http://127.0.0.1:1') },
    ],
    users: [{ name: 'me', user: {} }],
    contexts: ['here', 'gone'].map((name) => ({ name, context: { cluster: name, user: 'me' } })),
  };
  await writeFile(kubeconfig, JSON.stringify(config));
});
afterEach(async () => {
  await api.stop();
  await rm(directory, { recursive: true });
});

const serve = (spec: object) => api.services.put({ metadata: { name: 'cart', namespace: 'shop' }, spec });

async function doctor(...args: string[]) {
  const said = { out: '', err: '' };
  const write = (to: keyof typeof said) => (text: string) => ((said[to] += text), true);
  const argv = ['node', 'doctor', ...args];
  const streams = { stdout: { write: write('out') }, stderr: { write: write('err') } };
  const code = await run({ argv, env: { HOME: directory }, ...streams } as unknown as Parameters<
    typeof run
  >[0]);
  return { code, ...said };
}
const here = (...args: string[]) => doctor(`--kubeconfig=${kubeconfig}`, '--context=here', ...args);

describe('doctor', () => {
  it('0: there is nothing, in a cluster without the Gateway API', async () => {
    const { code, out, err } = await here();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^No gRPC Service/);
  });

  it('1: something is wrong', async () => {
    serve({ selector: { app: 'cart' }, ports: [{ name: 'grpc', port: 50051 }] });
    const { code, out } = await here('--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ isComplete: true, services: [{ name: 'cart' }] });
  });

  it('2: nothing is wrong in what could be looked at, which was not all', async () => {
    api.faults.forbidKinds = ['pods'];
    const { code, out } = await here();
    expect(code).toBe(2);
    expect(out).toContain('this report is not complete:\n  - pods: RBAC does not allow to list them;');
  });

  it('looks at the namespaces that are named, which needs no rights elsewhere', async () => {
    api.faults.forbidCluster = true;
    serve({ selector: { app: 'cart' }, ports: [{ name: 'grpc', port: 50051 }] });
    const { code, out } = await here('--json', '--namespace=shop');
    const { services, notRead } = JSON.parse(out) as { services: object[]; notRead: { what: string }[] };
    expect([code, services.length, notRead.map(({ what }) => what)]).toEqual([1, 1, ['namespaces']]);
  });

  it('69: nobody may list Services, or the cluster does not answer', async () => {
    api.faults.forbidKinds = ['services'];
    const { code, err } = await here();
    expect([code, err]).toEqual([
      69,
      expect.stringMatching(/^doctor: RBAC allows no "list" of services .*--namespace/s),
    ]);
    expect(await doctor(`--kubeconfig=${kubeconfig}`)).toMatchObject({ code: 69, out: '' });
  });

  it('64: bad options, a kubeconfig that cannot be used, a context that is not there', async () => {
    expect((await here('--jsno')).err).toContain('--jsno');
    expect(await doctor('--kubeconfig=/nowhere')).toMatchObject({ code: 64, out: '' });
    const { code, err } = await doctor(`--kubeconfig=${kubeconfig}`, '--context=other');
    expect([code, err]).toEqual([64, expect.stringContaining('contexts has no "other"; it has here, gone')]);
  });

  it('--help and --version', async () => {
    expect((await doctor('--help')).out).toMatch(/Exit codes: 0 nothing/);
    expect((await doctor('--version')).out).toMatch(/^doctor /);
  });
});
