import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReplayStore, SavedRequest } from './saved-request.ts';

function contentOf(saved: SavedRequest): { text: string; lasts: boolean[] } {
  const parts: Buffer[] = [];
  const lasts: boolean[] = [];
  saved.forEach((bytes, start, end, isLast) => {
    parts.push(Buffer.from(bytes.subarray(start, end)));
    lasts.push(isLast);
  });
  return { text: Buffer.concat(parts).toString('latin1'), lasts };
}

it('requests that grow side by side keep their own bytes, in order', () => {
  const piece = fc.tuple(fc.nat(3), fc.oneof(fc.nat(200), fc.nat(20_000)));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const store = new ReplayStore({ maxBytesPerCall: 1e9, maxBytes: 1e9 });
      const calls = Array.from({ length: 4 }, () => new SavedRequest(store, undefined));
      const expected = ['', '', '', ''];
      pieces.forEach(([call, length], index) => {
        const letter = String.fromCharCode(65 + (index % 26));
        // The source is used again at once, as the engine's read buffer is.
        const source = Buffer.alloc(length + 2, letter);
        calls[call]!.add(source, 1, length + 1);
        source.fill('?');
        expected[call] += letter.repeat(length);
      });
      calls.forEach((saved, index) => {
        const { text, lasts } = contentOf(saved);
        expect(text === expected[index]).toBe(true);
        expect(lasts.filter(Boolean)).toHaveLength(1);
        expect(lasts.at(-1)).toBe(true);
        saved.release();
      });
      expect(store.usedBytes).toBe(0);
    }),
  );
});

it('has a limit for each and for all', () => {
  const store = new ReplayStore({ maxBytesPerCall: 100, maxBytes: 150 });
  const one = new SavedRequest(store, undefined);
  const two = new SavedRequest(store, undefined);
  expect(one.hasRoomFor(101)).toBe(false);
  one.add(Buffer.alloc(100), 0, 100);
  expect(one.hasRoomFor(1)).toBe(false);
  expect([two.hasRoomFor(50), two.hasRoomFor(51)]).toEqual([true, false]);
  one.release();
  expect(two.hasRoomFor(51)).toBe(true);
});
