import { expect, it } from 'vitest';
import type { Endpoint } from '@evenly/endpoints';
import type { HealthVerdict } from './checker.ts';
import { HealthHistory } from './thresholds.ts';

const pod: Endpoint = { address: '10.0.0.1', port: 1, state: 'ready' };

const verdicts: Record<string, HealthVerdict> = {
  '+': { kind: 'serving' },
  '-': { kind: 'no-answer', reason: 'refused' },
  s: { kind: 'slow', reason: 'late' },
  n: { kind: 'not-serving', reason: 'NOT_SERVING' },
};

/** Where an endpoint stands after each of these answers: h(ealthy), s(low), o(ut). */
const standings = (answers: string, thresholds = { healthy: 2, unhealthy: 3 }) => {
  const history = new HealthHistory(thresholds);
  return [...answers].map((answer) => history.note(pod, verdicts[answer]!)[0]).join('');
};

it.each([
  ['+--+---+-++', 'hhhhhhooooh', 'the first answer decides by itself, later ones only in a row'],
  ['-', 'o', 'the first answer of a new endpoint may be bad'],
  ['+ss+sss++', 'hhhhhhssh', 'late ones count as missing ones do'],
  ['+sss-', 'hhhhs'.replace('hs', 'so'), 'one that was merely slow may become worse'],
  ['+s-sss', 'hhhooo', 'that it is slow makes nobody better'],
  ['+n', 'ho', 'that it is not serving counts at once'],
  ['ss', 'ss', 'a new one that is slow'],
])('%s → %s: %s', (answers, expected) => {
  expect(standings(answers)).toBe(expected.replace(/ /g, ''));
});

it('with thresholds of 1 each answer decides', () => {
  expect(standings('+-+s+n+', { healthy: 1, unhealthy: 1 })).toBe('hohshoh');
});

it('forgets an endpoint that went away', () => {
  const history = new HealthHistory({ healthy: 5, unhealthy: 5 });
  history.note(pod, verdicts['-']!);
  expect(history.standing(pod)).toBe('out');
  history.retain([]);
  expect(history.standing(pod)).toBeUndefined();
  expect(history.note(pod, verdicts['+']!)).toBe('healthy');
});
