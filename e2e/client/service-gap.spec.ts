import type { EndpointSliceObject } from '@evenly/local-cluster';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { failed, nowMs, type Caller } from './caller.ts';
import { untilResponding } from './scenarios.ts';
import { Scene } from './scene.ts';

/** What the EndpointSlices of a Service say while its pods serve on, through each carrier. */
const scene = new Scene();
const callers = new Map<string, Caller>();
beforeAll(async () => {
  await scene.start(3);
  const proxy = await scene.startProxy();
  callers.set('in the client', scene.call('k8s'));
  callers.set('by xDS', scene.call('xds'));
  callers.set('in between', scene.call('dns', { target: `ipv4:${proxy}`, authority: 'be1-srv' }));
});
afterAll(() => scene.stop());

/** What the endpoints of each slice are said to be. */
const withConditions =
  (conditions: { ready: boolean; serving: boolean; terminating: boolean }) =>
  (slice: EndpointSliceObject) => ({
    ...slice,
    endpoints: slice.endpoints?.map((endpoint) => ({ ...endpoint, conditions })) ?? null,
  });

const everywhere = async (what: (caller: Caller) => Promise<void>) => {
  for (const caller of callers.values()) await what(caller);
};

/** So many calls from now on: 200 are made a second. */
async function callsFromNow(count: number): Promise<() => string[]> {
  const beganMs = nowMs();
  await everywhere((caller) =>
    expect.poll(() => caller.between(beganMs).length, { timeout: 30_000 }).toBeGreaterThan(count),
  );
  return () =>
    [...callers].flatMap(([name, caller]) =>
      failed(caller.between(beganMs)).map(({ error }) => `${name}: ${error}`),
    );
}

beforeEach(() => everywhere((caller) => untilResponding(caller, scene.pods)));
afterEach(() => scene.followPods());

it('a Service that is deleted and made again 4 s later loses no call', async () => {
  scene.rewriteSlices(() => undefined);
  const errorsOfGap = await callsFromNow(800);
  scene.followPods();
  const errorsAfter = await callsFromNow(200);
  expect([errorsOfGap(), errorsAfter()]).toEqual([[], []]);
});

it.each([
  ['terminate', { ready: false, serving: true, terminating: true }],
  ['terminate and are published all the same', { ready: true, serving: true, terminating: true }],
  ['are published before they are ready', { ready: true, serving: false, terminating: false }],
])('pods that all %s serve until the end', async (_what, conditions) => {
  scene.rewriteSlices(withConditions(conditions));
  const errors = await callsFromNow(200);
  await everywhere((caller) => untilResponding(caller, scene.pods));
  expect(errors()).toEqual([]);
});

it('the end of a scale-down to none is told at once', async () => {
  scene.rewriteSlices(withConditions({ ready: false, serving: true, terminating: true }));
  const errors = await callsFromNow(100);
  expect(errors()).toEqual([]);
  scene.rewriteSlices(() => undefined);
  // Their pods serve still, so it is the source's word alone that ends the calls.
  await everywhere(async (caller) => {
    const last = () => failed(caller.calls.slice(-20)).length;
    await expect.poll(last, { timeout: 5000 }).toBe(20);
  });
});
