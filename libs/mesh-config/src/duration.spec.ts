import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationPattern, formatDuration, parseDuration } from './duration.ts';

describe('durations', () => {
  it.each([
    ['0s', 0],
    ['30ms', 30],
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['1.1s', 1100],
  ])('reads %s', (text, ms) => {
    expect(text).toMatch(durationPattern);
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', 's', '-1s', '1s ', '1 s', '1us', '1x', '.5s', '1.s'])('does not take %j', (text) => {
    expect(text).not.toMatch(durationPattern);
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.nat(1e9), (ms) => {
        expect(formatDuration(ms)).toMatch(durationPattern);
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
