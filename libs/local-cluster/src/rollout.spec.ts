import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PodState } from './pod.ts';
import { isSettled, maxStarting, plan, type Desired, type PlannedPod } from './rollout.ts';

const pods = (text: string): (PlannedPod & { name: string })[] =>
  text
    .split(' ')
    .filter((each) => each !== '')
    .map((name) => ({
      name,
      generation: Number(name.slice(1)),
      state: ({ s: 'starting', r: 'running', t: 'terminating' } as const)[name[0]!]!,
    }));
const planned = (desired: Desired, text: string) => {
  const { start, stop } = plan(desired, pods(text));
  return { start, stop: stop.map((pod) => (pod as { name: string }).name).join(' ') };
};

describe('plan', () => {
  it.each([
    ['starts what is missing', 3, 1, 'r1', { start: 2, stop: '' }],
    ['starts a few at a time', 20, 1, 's1 s1', { start: maxStarting - 2, stop: '' }],
    ['does not count those that terminate', 2, 1, 'r1 t1', { start: 1, stop: '' }],
    ['stops the newest', 1, 1, 'r1 r1 s1', { start: 0, stop: 'r1 s1' }],
    ['stops all', 0, 1, 'r1 r1', { start: 0, stop: 'r1 r1' }],
    ['restart: starts one more', 2, 2, 'r1 r1', { start: 1, stop: '' }],
    ['restart: waits for it', 2, 2, 'r1 r1 s2', { start: 0, stop: '' }],
    ['restart: then stops an old one', 2, 2, 'r1 r1 r2', { start: 0, stop: 'r1' }],
    ['restart: and goes on', 2, 2, 'r1 t1 r2', { start: 1, stop: '' }],
    ['restart: until none is old', 2, 2, 'r1 r2 r2', { start: 0, stop: 'r1' }],
    ['restart of pods that still start', 2, 2, 's1 s1', { start: 1, stop: 's1 s1' }],
    ['restart and scale down at once', 1, 2, 'r1 r1 r1', { start: 0, stop: 'r1 r1' }],
  ])('%s', (_, replicas, generation, text, expected) => {
    expect(planned({ replicas, generation }, text)).toEqual(expected);
  });

  it('always gets there, never below the desired number once reached, never more than one above', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }), fc.nat(), (wishes, seed) => {
        let random = seed;
        let alive: { generation: number; state: PodState }[] = [];
        for (const [index, replicas] of wishes.entries()) {
          const desired = { replicas, generation: index + 1 };
          let reached = false;
          for (let step = 0; !isSettled(desired, alive); step++) {
            expect(step).toBeLessThan(200);
            const { start, stop } = plan(desired, alive);
            for (const pod of stop) pod.state = 'terminating';
            for (let i = 0; i < start; i++) alive.push({ generation: desired.generation, state: 'starting' });
            const count = (state: PodState) => alive.filter((pod) => pod.state === state).length;
            reached ||= count('running') >= replicas;
            if (reached) expect(count('running')).toBeGreaterThanOrEqual(replicas);
            expect(count('starting')).toBeLessThanOrEqual(maxStarting);
            // One pod makes progress, whichever.
            const moving = alive.filter((pod) => pod.state === 'starting' || pod.state === 'terminating');
            const next = moving[random++ % Math.max(1, moving.length)];
            if (next?.state === 'starting') next.state = 'running';
            else alive = alive.filter((pod) => pod !== next);
          }
        }
      }),
    );
  });
});
