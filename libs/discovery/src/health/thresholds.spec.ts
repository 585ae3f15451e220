import { expect, it } from 'vitest';
import type { Endpoint } from '@evenly/endpoints';
import { HealthHistory } from './thresholds.ts';

const pod: Endpoint = { address: '10.0.0.1', port: 1, state: 'ready' };

it('the first answer decides by itself, later ones only in a row', () => {
  const history = new HealthHistory({ healthy: 2, unhealthy: 3 });
  const seen = [true, false, false, true, false, false, false, true, false, true, true].map((answer) =>
    history.note(pod, answer),
  );
  expect(seen).toEqual([true, true, true, true, true, true, false, false, false, false, true]);
  expect(new HealthHistory({ healthy: 2, unhealthy: 3 }).note(pod, false)).toBe(false);
});

it('with thresholds of 1 each answer decides', () => {
  const history = new HealthHistory({ healthy: 1, unhealthy: 1 });
  expect([true, false, true].map((answer) => history.note(pod, answer))).toEqual([true, false, true]);
});

it('forgets an endpoint that went away', () => {
  const history = new HealthHistory({ healthy: 5, unhealthy: 5 });
  history.note(pod, false);
  history.retain([]);
  expect(history.note(pod, true)).toBe(true);
});
