import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readToken, writeToken } from './session-token.ts';

const token = fc.record({
  endpoint: fc.oneof(
    fc.ipV4().map((address) => `${address}:50051`),
    fc.ipV6().map((address) => `[${address}]:1`),
  ),
  service: fc
    .string({ unit: 'binary', minLength: 1, maxLength: 300 })
    .filter((one) => Buffer.from(one).toString() === one),
  endsAtS: fc.option(fc.nat(99_999_999_999), { nil: undefined }),
});

describe('a session token', () => {
  it('says what it was told', () => {
    fc.assert(fc.property(token, (given) => void expect(readToken(writeToken(given))).toEqual(given)));
  });

  it('is text for a cookie and for a header', () => {
    fc.assert(fc.property(token, (given) => void expect(writeToken(given)).toMatch(/^[\w-]+$/)));
  });

  it.each([
    '',
    'x',
    '%00',
    'MTI3LjAuMC4xOjE', // of gRPC and Envoy: an address alone
    Buffer.from('10.0.0.1:1;x;echo').toString('base64url'),
    Buffer.from('10.0.0.1:1;;').toString('base64url'),
    Buffer.from(';;echo').toString('base64url'),
    'A'.repeat(2049),
  ])('is not %j', (text) => expect(readToken(text)).toBeUndefined());

  it('is nothing that a text could break', () => {
    const reads = (text: string) => void expect(() => readToken(text)).not.toThrow();
    fc.assert(fc.property(fc.string(), reads));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => reads(Buffer.from(bytes).toString('base64url'))));
  });
});
