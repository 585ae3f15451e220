import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatGrpcTimeout, parseGrpcTimeout } from './grpc-timeout.ts';

it.each([
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['3S', 3000],
  ['40m', 40],
  ['500u', 0.5],
  ['99999999n', 99.999999],
  ['0S', 0],
])('%s is %d ms', (text, ms) => expect(parseGrpcTimeout(text)).toBeCloseTo(ms, 9));

it.each(['', 'S', '5', '5s', '-1S', '1.5S', '123456789S', ' 1S', '1 S', '1SS'])('%j is none', (text) => {
  expect(parseGrpcTimeout(text)).toBeUndefined();
});

it.each([
  [0, '1u'],
  [0.0004, '1u'],
  [0.9999, '999u'],
  [1, '1000u'],
  [200, '200000u'],
  [1234.5678, '1234567u'],
  [99_999.999, '99999999u'],
  [100_000, '100000m'],
  [99_999_999.9, '99999999m'],
  [100_000_000, '100000S'],
  [99_999_999_999, '99999999S'],
  [100_000_000_000, '1666666M'], // 100,000,000 s, which would have a ninth digit
  [2_562_047 * 3_600_000, '2562047H'], // the longest time that Go knows
  [1e20, '99999999H'],
  [Number.MAX_VALUE, '99999999H'],
])('%d ms is written as %s', (ms, text) => expect(formatGrpcTimeout(ms)).toBe(text));

it('has at most 8 digits, is never longer after formatting, and shorter by less than a unit', () => {
  const unitMs: Record<string, number> = { u: 0.001, m: 1, S: 1000, M: 60_000, H: 3_600_000 };
  const anyMs = fc.oneof(
    fc.double({ min: 0.001, max: 1e6, noNaN: true }),
    fc.double({ min: 1e6, max: 3e14, noNaN: true }),
  );
  fc.assert(
    fc.property(anyMs, (ms) => {
      const text = formatGrpcTimeout(ms);
      const back = parseGrpcTimeout(text)!;
      expect(text).toMatch(/^[1-9]\d{0,7}[HMSmu]$/);
      expect(back).toBeLessThanOrEqual(ms * (1 + 1e-12));
      expect(back).toBeGreaterThan(ms * (1 - 1e-12) - unitMs[text.at(-1)!]!);
    }),
  );
});
