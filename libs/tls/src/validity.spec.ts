import { expect, it } from 'vitest';
import { endsSoon, lastToEnd } from './validity.ts';

const dayMs = 24 * 3_600_000;

it.each([
  ['a year, 15 days left', 365, 15, false],
  ['a year, 13 days left', 365, 13, true],
  ['90 days, as many as an ACME client leaves', 90, 30, false],
  ['a day, as a workload has it, half of it left', 1, 0.5, false],
  ['a day, 4 hours left', 1, 1 / 6, true],
  ['over since an hour', 90, -1 / 24, true],
])('what ends soon is said in time, and not before: %s', (_, days, daysLeft, soon) => {
  const nowMs = 1_800_000_000_000;
  const untilMs = nowMs + daysLeft * dayMs;
  expect(endsSoon({ fromMs: untilMs - days * dayMs, untilMs }, nowMs)).toBe(soon);
});

it('a bundle is good as long as one of its authorities', () => {
  const [old, young] = [
    { fromMs: 0, untilMs: 10 },
    { fromMs: 5, untilMs: 20 },
  ];
  expect(lastToEnd([young, old])).toEqual(young);
});
