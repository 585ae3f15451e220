import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Stream } from './stream.ts';
import { StreamTable } from './stream-table.ts';

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ open: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ close: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ closeAll: true } as const) },
);

test('holds what a Map would, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2), fc.array(step, { maxLength: 200 }), (first, steps) => {
      const table = new StreamTable();
      const model = new Map<number, Stream>();
      let nextId = first;
      for (const one of steps) {
        if ('open' in one) {
          // Some ids are passed over: streams that were refused.
          nextId += 2 * one.open;
          const stream = new Stream(nextId, 0, 0);
          table.add(stream);
          model.set(nextId, stream);
        } else {
          const ids = [...model.keys()];
          const closed = 'close' in one ? ids.slice(one.close % (ids.length + 1)).slice(0, 1) : ids;
          for (const id of closed) {
            table.delete(id);
            model.delete(id);
          }
        }
        table.delete(nextId + 2); // never there
        expect(table.size).toBe(model.size);
        expect(table.values()).toEqual([...model.values()]);
        for (const [id, stream] of model) expect(table.get(id)).toBe(stream);
        expect(table.get(nextId + 2)).toBeUndefined();
      }
    }),
  );
});

test('hundreds of streams of which one never ends', () => {
  const table = new StreamTable();
  table.add(new Stream(1, 0, 0));
  for (let id = 3; id < 20_001; id += 2) {
    table.add(new Stream(id, 0, 0));
    if (id > 1001) table.delete(id - 1000);
  }
  expect(table.size).toBe(501);
  expect(table.get(1)?.id).toBe(1);
  for (const { id } of table.values()) table.delete(id);
  expect(table.size).toBe(0);
  expect(table.values()).toEqual([]);
});
