import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LocalCluster } from '@evenly/local-cluster';
import { addressesOf, startCluster } from './testing/cluster.ts';
import { endClients, run } from './testing/running-client.ts';

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

describe('each mode makes as many calls as wanted, spreads them over the pods, and ends', () => {
  it.each([
    ['batch', ['--concurrency', '10']],
    ['interval', ['--interval', '1ms']],
    ['threads', ['--concurrency', '4', '--pause', '2ms']],
    ['rate', ['--rate', '500']],
  ])('%s', async (mode, args) => {
    const { calls, errors, pods, jain } = await client('--mode', mode, ...args, '--calls', '300').summary();
    expect({ calls, errors }).toEqual({ calls: 300, errors: 0 });
    expect(pods.map(({ pod }) => pod)).toEqual(['be1-1', 'be1-2', 'be1-3']);
    // One pod may be connected sooner than the others, and get the first calls.
    expect(jain).toBeGreaterThan(0.8);
  });
});

it('a batch waits for all its calls before the next one begins', async () => {
  await cluster.pod('be1-2').behaviour({ delay: '10m' });
  const batches = client('--mode', 'batch', '--concurrency', '6', '--output', 'calls', '--deadline', '20s');
  // Once all three are connected, a batch has calls on the slow pod: the others' answers come, and no more of them.
  const answered = () => batches.output.length;
  let before = -1;
  await expect
    .poll(
      () => {
        const [was, now] = [before, answered()];
        before = now;
        return now > 0 && was === now;
      },
      { interval: 500 },
    )
    .toBe(true);
  expect(answered() % 6).not.toBe(0);
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
