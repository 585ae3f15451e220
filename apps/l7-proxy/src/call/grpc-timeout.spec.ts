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

it('is never longer after formatting, nor shorter by more than a unit', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 8e10, noNaN: true }), (ms) => {
      const text = formatGrpcTimeout(ms);
      const back = parseGrpcTimeout(text)!;
      expect(text).toMatch(/^\d{1,8}[Smu]$/);
      expect(back).toBeLessThanOrEqual(ms + 1e-9);
      expect(back).toBeGreaterThan(ms - (ms >= 1e8 ? 1000 : 1));
    }),
  );
});
