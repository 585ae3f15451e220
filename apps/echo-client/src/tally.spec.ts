import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { noPod, otherPods, Tally } from './tally.ts';

const add = (tally: Tally, pod: string | undefined, latencyMs: number, code = status.OK, peer?: string) =>
  tally.add({ pod, peer, code, latencyMs });

it('counts calls, errors and latency for each pod and for all', () => {
  const tally = new Tally();
  for (let call = 0; call < 99; call++) add(tally, 'be-2', 2);
  add(tally, 'be-2', 100, status.UNAVAILABLE);
  for (let call = 0; call < 300; call++) add(tally, 'be-10', 1);
  expect(tally.pods).toEqual([
    {
      pod: 'be-2',
      calls: 100,
      share: 0.25,
      errors: 1,
      p50Ms: expect.closeTo(2, 1) as number,
      p99Ms: expect.closeTo(2, 1) as number,
    },
    {
      pod: 'be-10',
      calls: 300,
      share: 0.75,
      errors: 0,
      p50Ms: expect.closeTo(1, 1) as number,
      p99Ms: expect.closeTo(1, 1) as number,
    },
  ]);
  expect(tally.total).toMatchObject({ calls: 400, errors: 1, share: 1 });
  expect(tally.errorCodes).toEqual({ UNAVAILABLE: 1 });
  expect(tally.fairness!.jain).toBeCloseTo(0.8, 12);
});

it('leaves calls that reached nobody out of the fairness', () => {
  const tally = new Tally();
  expect(tally.fairness).toBeUndefined();
  add(tally, undefined, 1, status.UNAVAILABLE);
  expect(tally.fairness).toBeUndefined();
  expect(tally.pods[0]!.pod).toBe(noPod);
  add(tally, 'a', 1);
  expect(tally.fairness!.jain).toBe(1);
});

it('counts endpoints that are known and have had no call', () => {
  let known = [['10.0.0.1:1'], ['10.0.0.2:1', '[fd00::2]:1']];
  const tally = new Tally(() => known);
  expect(tally.fairness).toBeUndefined();
  for (let call = 0; call < 23; call++) add(tally, 'a', 1, status.OK, '10.0.0.1:1');
  expect(tally.fairness).toEqual({ jain: 0.5, coefficientOfVariation: 1, uncalled: 1 });
  for (let call = 0; call < 23; call++) add(tally, 'b', 1, status.OK, '[fd00::2]:1');
  expect(tally.fairness).toEqual({ jain: 1, coefficientOfVariation: 0, uncalled: 0 });
  known = [...known, ['10.0.0.3:1']];
  expect(tally.fairness).toMatchObject({ uncalled: 1 });
  known = [];
  expect(tally.fairness).toMatchObject({ jain: 1, uncalled: 0 });
  expect(tally.anew().fairness).toBeUndefined();
});

it('is bounded, whatever names pods have and however long they take', () => {
  const tally = new Tally();
  for (let pod = 0; pod < 1200; pod++) add(tally, `pod-${pod}`, 1e12);
  expect(tally.pods).toHaveLength(1001);
  expect(tally.pods.find(({ pod }) => pod === otherPods)!.calls).toBe(200);
});
