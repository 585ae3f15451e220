import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { allValues } from '../helm/all-values.ts';
import { renderValues } from '../helm/rendered.ts';
import { keepForLater } from './failures.ts';
import { Kubectl } from './kubectl.ts';
import { noCluster } from './scenario.ts';

const run = promisify(execFile);
const chart = fileURLToPath(new URL('../../charts/evenly', import.meta.url));
const helm = process.env['HELM'];
const namespace = 'helm';
const why =
  noCluster ?? (helm === undefined ? 'HELM is not set: Go, which builds it, is not installed' : undefined);

const servers = { 'be1-srv': { app: 'echo-backend', replicaCount: 2 } };
const clients = {
  'echo-client': {
    app: 'echo-client',
    args: [
      '--mode=interval',
      '--interval=5s',
      '--output=calls',
      '--json',
      '--admin-host=0.0.0.0',
      '--admin-port=8081',
    ],
    env: [{ name: 'SERVER_ADDRESS', value: 'dns:///be1-srv:50051' }],
  },
};

// The reference systems' chart: a release of servers, and one of clients that call every five seconds.
describe.skipIf(why)(`two releases of the chart${why ? ` (skipped: ${why})` : ''}`, () => {
  const kubectl = new Kubectl(namespace);
  const install = (release: string, apps: object, ...more: string[]) => {
    const where = ['--namespace', namespace, '--wait', '--timeout=4m'];
    return run(helm!, [
      'install',
      release,
      chart,
      ...where,
      `--set-json=apps=${JSON.stringify(apps)}`,
      ...more,
    ]);
  };
  beforeAll(async () => {
    await kubectl.run('create', 'namespace', namespace);
    await kubectl.run('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await keepForLater(kubectl);
  });
  afterAll(() => kubectl.run('delete', 'namespace', namespace, '--ignore-not-found'));

  it('servers, then clients: the calls go to one server after the other', async () => {
    await install('servers', servers);
    // What denies all else is the first release's already.
    await install('clients', clients, '--set=networkPolicy.defaultDeny=false');
    await eventually(async () => {
      const { stdout } = await kubectl.run('logs', 'deployment/echo-client');
      const pods = stdout.split('\n').flatMap((line) => responderOf(line) ?? []);
      expect(pods.length).toBeGreaterThanOrEqual(5);
      const [a, b] = pods.slice(-2);
      expect(a).not.toBe(b);
      expect(pods.slice(-4)).toEqual([a, b, a, b]);
    }, 120_000);
  });

  it('every value that there is: the API server takes what it makes', async () => {
    const { mesh } = allValues.apps;
    const apps = { mesh: { ...mesh, kubernetesAccess: { namespaces: 'all' } } };
    const yaml = await renderValues({ ...allValues, apps }, `--namespace=${namespace}`);
    const applying = kubectl.run('apply', '--dry-run=server', '--validate=strict', '--filename=-');
    applying.child.stdin!.end(yaml);
    const { stdout } = await applying;
    expect(stdout).toContain('deployment.apps/mesh created (server dry run)');
    expect(stdout).toContain('horizontalpodautoscaler.autoscaling/mesh created (server dry run)');
  });

  it('a second release of the same objects is refused, with what to do', async () => {
    await expect(install('again', servers)).rejects.toThrow('exists and cannot be imported');
  });

  it('an upgrade scales, and uninstalling leaves nothing behind', async () => {
    const more = { 'be1-srv': { ...servers['be1-srv'], replicaCount: 3 } };
    const scale = ['upgrade', 'servers', chart, '--namespace', namespace, '--wait', '--timeout=4m'];
    await run(helm!, [...scale, `--set-json=apps=${JSON.stringify(more)}`]);
    const selector = 'app.kubernetes.io/instance=be1-srv';
    expect((await kubectl.pods(selector)).filter(({ terminating }) => !terminating)).toHaveLength(3);
    await run(helm!, ['uninstall', 'clients', 'servers', '--namespace', namespace]);
    for (const kind of ['deployments', 'services', 'networkpolicies', 'poddisruptionbudgets'])
      expect(await kubectl.names(kind), kind).toEqual([]);
  });
});

/** Who answered, if the line of the log is an answered call. */
function responderOf(line: string): string | undefined {
  if (!line.startsWith('{"event":"call"')) return undefined;
  const { code, pod } = JSON.parse(line) as { code: string; pod: string };
  return code === 'OK' ? pod : undefined;
}
