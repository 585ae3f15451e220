import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeApi, serviceNameLabel } from '@evenly/local-cluster';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { xdsServerProcess } from './testing/harness.ts';

let api: KubeApi;
let directory: string;
let running: Awaited<ReturnType<typeof xdsServerProcess>> | undefined;
beforeEach(async () => {
  api = await new KubeApi().start();
  directory = await mkdtemp(join(tmpdir(), 'evenly-snapshot-'));
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await api.stop();
  await rm(directory, { recursive: true });
});

const config = `services:
  be1-srv: { source: { kubernetes: { service: be1-srv, port: grpc } } }
`;
const snapshot = () => readFile(join(directory, 'endpoints.snapshot'), 'utf8').catch(() => '');

function putSlice(port: number): void {
  api.store.put({
    metadata: { name: 'be1', namespace: 'default', labels: { [serviceNameLabel]: 'be1-srv' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ name: 'grpc', protocol: 'TCP', port }],
  });
}

async function start(...args: string[]) {
  const kubeconfig = join(directory, 'kubeconfig');
  const cluster = {
    clusters: [{ name: 'a', cluster: { server: api.url } }],
    users: [{ name: 'a', user: {} }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  };
  await writeFile(kubeconfig, JSON.stringify(cluster));
  running = await xdsServerProcess(config, [
    ...['--kubeconfig', kubeconfig],
    ...(args.includes('--snapshot-dir') ? [] : ['--snapshot-dir', directory]),
    ...args,
  ]);
  await running.started();
  return running;
}

type Running = Awaited<ReturnType<typeof start>>;

const statusOf = async ({ status }: Running) => {
  const { services } = (await status()) as {
    services: { endpoints: { port: number }[]; snapshotOf?: string; error?: string }[];
  };
  const { endpoints, snapshotOf, error } = services[0]!;
  return {
    ports: endpoints.map(({ port }) => port),
    isOld: snapshotOf !== undefined,
    fails: error !== undefined,
  };
};
const says = ({ server }: Running, text: string) =>
  server.log.lines.filter((line) => line.includes(text)).length;
const readiness = async ({ admin }: Running) => (await admin('/readyz')).status;

/** A server that was told one endpoint, and has ended. */
async function earlierServer(): Promise<void> {
  putSlice(1);
  const server = await start();
  await expect.poll(() => statusOf(server)).toEqual({ ports: [1], isOld: false, fails: false });
  await server.stop();
  expect(await snapshot()).toContain('10.0.0.1');
}

it('serves what an earlier one knew while the API is away, says how old it is, and what the API says when it is back', async () => {
  await earlierServer();
  await api.stop();
  const server = await start();
  const client = server.client();
  client.subscribe('endpoints', 'be1-srv-cluster');
  await expect.poll(() => client.ports('be1-srv-cluster')).toEqual([1]);
  expect(await statusOf(server)).toEqual({ ports: [1], isOld: true, fails: true });
  expect(await readiness(server)).toBe(200);
  expect(says(server, 'what a snapshot has of it is served')).toBe(1);
  expect(await server.metric('evenly_snapshot_age_seconds')).toBeGreaterThan(0);
  expect(await (await server.admin('/')).text()).toContain('is served from a snapshot');

  putSlice(2);
  await api.start();
  await expect.poll(() => client.ports('be1-srv-cluster'), { timeout: 20_000 }).toEqual([2]);
  await expect.poll(() => statusOf(server)).toEqual({ ports: [2], isOld: false, fails: false });
  expect(await server.metric('evenly_snapshot_age_seconds')).toBe(0);
  expect(await (await server.admin('/metrics')).text()).not.toContain('evenly_snapshot_age_seconds{');
  client.close();
});

it('serves nothing that is older than --stale-after', async () => {
  await earlierServer();
  await api.stop();
  const server = await start('--stale-after', '1ms');
  await expect.poll(() => says(server, 'no updates of endpoints')).toBe(1);
  expect(await statusOf(server)).toEqual({ ports: [], isOld: false, fails: true });
});

it('does without a snapshot that is no good, and says so', async () => {
  await writeFile(join(directory, 'endpoints.snapshot'), 'garbage');
  putSlice(1);
  const server = await start();
  await expect.poll(() => statusOf(server)).toEqual({ ports: [1], isOld: false, fails: false });
  expect(says(server, 'is not used: it does not begin as a')).toBe(1);
  expect(await server.metric('evenly_snapshot_errors_total')).toBe(1);
});

it('does without a directory that it cannot write to, and says so', async () => {
  const file = join(directory, 'no-directory');
  await writeFile(file, '');
  putSlice(1);
  const server = await start('--snapshot-dir', file);
  await expect.poll(() => statusOf(server)).toEqual({ ports: [1], isOld: false, fails: false });
  expect(says(server, 'no snapshot of the endpoints')).toBe(1);
});
