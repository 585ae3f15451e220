import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { LocalCluster } from '@evenly/local-cluster';
import { startCluster } from './testing/cluster.ts';
import { endClients, run, type RunningClient } from './testing/running-client.ts';

let cluster: LocalCluster;
let directory: string;
beforeAll(async () => {
  cluster = await startCluster(2);
  directory = await mkdtemp(join(tmpdir(), 'echo-client-'));
});
afterEach(endClients);
afterAll(async () => {
  await cluster.stop();
  await rm(directory, { recursive: true });
});

const args = ['--interval', '10ms', '--output', 'calls', '--json'];
const podsOf = (client: RunningClient) =>
  [...new Set(client.output.filter(({ code }) => code === 'OK').map(({ pod }) => pod))].sort();

/** Puts a file of endpoints in place, whole. */
async function writeEndpoints(path: string, ...pods: string[]): Promise<void> {
  const endpoints = pods
    .map((pod) => cluster.pod(pod).status)
    .map(({ address, port }) => ({ address, port }));
  await writeFile(`${path}.new`, JSON.stringify({ endpoints }));
  await rename(`${path}.new`, path);
}

it('dns+srv: asks the cluster’s DNS server, with a policy of ours', async () => {
  const name = '_grpc._tcp.be1.default.svc.cluster.local';
  const target = `dns+srv://127.0.0.1:${cluster.dns.status.port}/${name}`;
  const client = run([
    '--target',
    target,
    '--policy',
    'evenly_least_request',
    '--dns-refresh',
    '1s',
    ...args,
  ]);
  await expect.poll(() => podsOf(client)).toEqual(['be1-1', 'be1-2']);
});

it('file: follows the file', async () => {
  const path = join(directory, 'endpoints.json');
  await writeEndpoints(path, 'be1-1');
  // A proxy of the environment is none of its business.
  const client = run(['--target', `file://${path}`, ...args], { http_proxy: 'http://127.0.0.1:1' });
  await expect.poll(() => podsOf(client)).toEqual(['be1-1']);
  await writeEndpoints(path, 'be1-1', 'be1-2');
  await expect.poll(() => podsOf(client)).toEqual(['be1-1', 'be1-2']);
});

it.each([
  ['k8s:///be1-srv', /k8s:\/\/\/be1-srv: expected a service, its namespace and a port/],
  ['file:///nowhere/endpoints.json', /\/nowhere\/endpoints\.json/],
])('%s is an error of each call that says what is wrong', async (target, message) => {
  const client = run(['--target', target, '--deadline', '5s', ...args]);
  const failed = () => client.output.filter(({ code }) => code === 'UNAVAILABLE').length;
  await expect.poll(failed, { timeout: 25_000 }).toBeGreaterThan(1);
  expect(client.output[0]!.message).toMatch(message);
  expect(client.child.exitCode).toBeNull();
});
