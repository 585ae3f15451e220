import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LocalCluster } from '@evenly/local-cluster';
import { addressesOf, startCluster } from './testing/cluster.ts';
import { endClients, run, type Line } from './testing/running-client.ts';

let cluster: LocalCluster;
let target: string;
beforeAll(async () => {
  cluster = await startCluster(3);
  target = addressesOf(cluster, 'be1-1', 'be1-2', 'be1-3');
});
afterEach(async () => {
  await endClients();
  await Promise.all(cluster.service('be1').pods.map((pod) => pod.behaviour({ delay: '0s' })));
});
afterAll(() => cluster.stop());

const client = (...args: string[]) => run(['--target', target, '--json', ...args]);

describe('each mode makes as many calls as wanted, and ends', () => {
  it.each([
    ['batch', ['--concurrency', '10']],
    ['interval', ['--interval', '1ms']],
    ['threads', ['--concurrency', '4', '--pause', '2ms']],
    ['rate', ['--rate', '500']],
  ])('%s', async (mode, args) => {
    const { calls, errors } = await client('--mode', mode, ...args, '--calls', '300').summary();
    expect({ calls, errors }).toEqual({ calls: 300, errors: 0 });
  });
});

it('spreads the calls evenly, once all pods are connected', async () => {
  const batches = client('--mode', 'batch', '--concurrency', '9', '--report-every', '100ms');
  const even = ({ event, jain, pods }: Line) => event === 'tally' && pods.length === 3 && jain! > 0.999;
  await expect.poll(() => batches.output.some(even)).toBe(true);
});

it('a batch waits for all its calls before the next one begins', async () => {
  await Promise.all(cluster.service('be1').pods.map((pod) => pod.behaviour({ delay: '10m' })));
  const batches = client('--mode', 'batch', '--concurrency', '6', '--drain-timeout', '100ms');
  await expect.poll(async () => (await batches.ask('/metrics')).text).toContain('grpc_client_in_flight 6');
  batches.child.kill('SIGTERM');
  expect((await batches.summary()).errorCodes).toEqual({ CANCELLED: 6 });
});

it('keeps its rate though no call is answered, up to the calls in flight that are allowed', async () => {
  await Promise.all(cluster.service('be1').pods.map((pod) => pod.behaviour({ delay: '10m' })));
  const args = ['--mode', 'rate', '--rate', '1000', '--calls', '200', '--max-in-flight', '50'];
  const rate = client(...args, '--deadline', '3s');
  const { calls, skipped, errorCodes } = await rate.summary();
  expect({ calls, skipped, errorCodes }).toEqual({
    calls: 50,
    skipped: 150,
    errorCodes: { DEADLINE_EXCEEDED: 50 },
  });
});

it('ends after --run-for', async () => {
  const timed = client('--mode', 'interval', '--interval', '10ms', '--run-for', '300ms');
  expect((await timed.summary()).calls).toBeGreaterThan(0);
  expect(await timed.exitCode()).toBe(0);
});
