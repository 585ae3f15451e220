import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from './bytes.ts';
import { decodeHuffman, huffmanLength, writeHuffman } from './huffman.ts';
import { codeLengths, codes, END_OF_STRING } from './huffman-table.ts';

function encode(text: string): Buffer {
  const writer = new ByteWriter(8);
  writeHuffman(writer, text, huffmanLength(text));
  return writer.view();
}

const decode = (bytes: Buffer): string => decodeHuffman(bytes, 0, bytes.length);

// Codes typed from RFC 7541 appendix B, from every part of the table.
test.each([
  [0, '1111111111000'],
  ['0'.charCodeAt(0), '00000'],
  ['a'.charCodeAt(0), '00011'],
  ['Z'.charCodeAt(0), '11111101'],
  ['~'.charCodeAt(0), '1111111111101'],
  [10, '111111111111111111111111111100'],
  [128, '11111111111111100110'],
  [199, '1111111111111111111101100'],
  [255, '11111111111111111111101110'],
  [END_OF_STRING, '111111111111111111111111111111'],
])('code of symbol %d', (symbol, bits) => {
  expect(codes[symbol]!.toString(2).padStart(codeLengths[symbol]!, '0')).toBe(bits);
});

test('the code is complete: by Kraft, its lengths leave no gap and no overlap', () => {
  expect(codeLengths.reduce((sum, bits) => sum + 2 ** -bits, 0)).toBe(1);
});

test('every octet string comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      const text = Buffer.from(octets).toString('latin1');
      const bytes = encode(text);
      expect(bytes.length).toBe(huffmanLength(text));
      expect(decode(bytes)).toBe(text);
    }),
  );
});

test.each(['ff', '1fff', '1fffff', 'ff9fffffff', 'fffffffffc', '00', '52bc30ffffffff'])(
  'padding that RFC 7541 §5.2 forbids: %s',
  (hex) => {
    expect(() => decode(Buffer.from(hex, 'hex'))).toThrow(/padding|EOS/);
  },
);
