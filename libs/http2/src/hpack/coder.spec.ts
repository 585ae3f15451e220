import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerList, type HeaderInput } from '../headers/block.ts';
import type { HeaderField } from '../headers/field.ts';
import { Decoder } from './decoder.ts';
import { Encoder } from './encoder.ts';

const limits = { maxFields: 100, maxListBytes: 65_536 };

function roundTrip(
  encoder: Encoder,
  decoder: Decoder,
  inputs: HeaderInput[],
  reusable = true,
): HeaderField[] {
  const bytes = Buffer.from(encoder.encode(headerList(inputs, { reusable })));
  return decoder.decode(bytes, 0, bytes.length, limits).fields;
}

const names = [
  ':path',
  'te',
  'user-agent',
  'content-type',
  'authorization',
  'cookie',
  'x-custom',
  'grpc-status',
];
const anyField = fc
  .tuple(
    fc.constantFrom(...names),
    fc.constantFrom('', 'trailers', '/a', '/b', 'long '.repeat(30)),
    fc.boolean(),
  )
  .map(([name, value, sensitive]): HeaderInput =>
    name === 'te' ? [name, 'trailers'] : sensitive ? [name, value, 'sensitive'] : [name, value],
  );
const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.array(anyField, { maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 60, 200, 4096, 100_000) },
);

test('any lists, with table sizes changed in between, come back in order, and secret stays secret', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 100, 4096), fc.array(anyStep, { maxLength: 30 }), (ownSize, steps) => {
      const encoder = new Encoder(ownSize);
      const decoder = new Decoder();
      for (const step of steps) {
        if (typeof step === 'number') {
          encoder.setPeerTableSize(step);
          decoder.setAllowedSize(step);
          continue;
        }
        const fields = roundTrip(encoder, decoder, step);
        expect(fields.map(({ name, value }) => [name, value])).toEqual(
          step.map(([name, value]) => [name, value]),
        );
        for (const [index, field] of fields.entries()) {
          const secret = step[index]![2] !== undefined || ['authorization', 'cookie'].includes(field.name);
          expect(field.sensitive).toBe(secret);
        }
        expect(encoder.tableBytes).toBe(decoder.tableBytes);
      }
    }),
  );
});

describe('the encoder', () => {
  test('inserts what comes again and then leaves the table alone', () => {
    const encoder = new Encoder(4096);
    const block = headerList([[':path', '/echo.Echo/Say']], { reusable: true });
    const sizes = [1, 2, 3, 4].map(() => encoder.encode(block).length);
    expect(sizes[2]).toBe(1);
    expect(encoder.encode(block)).toBe(encoder.encode(block));
  });

  test('never inserts values of names that may carry secrets, nor paths with a query', () => {
    const encoder = new Encoder(4096);
    for (const input of [
      ['authorization', 'Bearer 1'],
      ['cookie', 'a=b'],
      ['x-api-key', 'k'],
      [':path', '/?token=1'],
    ]) {
      for (let count = 0; count < 3; count++) encoder.encode(headerList([input as unknown as HeaderInput]));
    }
    expect(encoder.tableBytes).toBe(0);
  });

  test('announces the smallest and the last size when the peer shrinks and grows its table (RFC 7541 §4.2)', () => {
    const encoder = new Encoder(4096);
    encoder.setPeerTableSize(0);
    encoder.setPeerTableSize(100);
    const bytes = Buffer.from(encoder.encode(headerList([[':method', 'GET']])));
    expect(bytes.toString('hex')).toBe('203f4582');
  });

  test('appends extra fields to a remembered block', () => {
    const encoder = new Encoder(4096);
    const block = headerList([[':method', 'GET']], { reusable: true });
    encoder.encode(block);
    const bytes = Buffer.from(
      encoder.encode(block, [{ name: 'grpc-timeout', value: '1S', sensitive: false }]),
    );
    const { fields } = new Decoder().decode(bytes, 0, bytes.length, limits);
    expect(fields.map((field) => field.value)).toEqual(['GET', '1S']);
  });

  test('a full table still learns new fields, rarely', () => {
    const encoder = new Encoder(64);
    const [old, fresh] = [headerList([[':path', '/old']]), headerList([[':path', '/fresh']])];
    for (let count = 0; count < 3; count++) encoder.encode(old);
    for (let count = 0; count < 100; count++) encoder.encode(fresh);
    expect(encoder.encode(old).length).toBe(1);
    for (let count = 0; count < 2000; count++) encoder.encode(fresh);
    expect(encoder.encode(fresh).length).toBe(1);
  });
});

describe('the decoder refuses', () => {
  test.each([
    ['index 0', '80'],
    ['an index beyond both tables', 'be'],
    ['a size update above what was allowed', '3fe21f'],
    ['a size update inside a block', '8220'],
    ['three size updates', '20202082'],
    ['a cut-off string', '400a63'],
    ['a cut-off integer', '3f'],
    ['an endless integer', '3fffffffffffffffff'],
    ['an integer above 2^28', '7fffffffff7f'],
    ['a literal without a value', '4001'],
  ])('%s', (_name, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(() => new Decoder().decode(bytes, 0, bytes.length, limits)).toThrow(
      expect.objectContaining({ code: 'H2_COMPRESSION_ERROR' }),
    );
  });

  test('a block without the size update that a smaller table wants', () => {
    const decoder = new Decoder();
    decoder.setAllowedSize(0);
    expect(() => decoder.decode(Buffer.from([0x82]), 0, 1, limits)).toThrow(/update missing/);
  });
});

test('a block above the limits is decoded to its end, so that the table stays right', () => {
  const encoder = new Encoder(4096);
  const decoder = new Decoder();
  const block = headerList([
    ['x-large', 'x'.repeat(500)],
    [':path', '/a'],
  ]);
  for (let count = 0; count < 3; count++) {
    const bytes = Buffer.from(encoder.encode(block));
    const decoded = decoder.decode(bytes, 0, bytes.length, { maxFields: 100, maxListBytes: 300 });
    expect(decoded.tooLarge).toBe(true);
    expect(decoded.fields).toEqual([]);
  }
  expect(decoder.tableBytes).toBe(encoder.tableBytes);
});

test('one-byte fields are counted: the list is cut off at the limit of fields', () => {
  const bytes = Buffer.alloc(10_000, 0x82);
  const decoded = new Decoder().decode(bytes, 0, bytes.length, limits);
  expect(decoded.tooLarge).toBe(true);
  expect(decoded.fields.length).toBe(100);
});
