import { expect, it, vi } from 'vitest';
import type { ApiObject } from '@evenly/kubernetes';
import { kept, keptGeneration } from './kept.ts';

const object = (generation: number, fields: object = {}, uid = 'one'): ApiObject => ({
  metadata: { name: 'a', uid, generation },
  ...fields,
});
const read = ({ metadata, spec }: ApiObject) => ({
  meta: {
    kind: 'X',
    namespace: '',
    name: 'a',
    createdAtMs: 0,
    ...(metadata as unknown as { uid: string; generation: number }),
  },
  spec,
});

it('reads an object of a CRD once for each generation', () => {
  const reader = vi.fn(read);
  const first = keptGeneration(undefined, object(1), reader);
  expect(keptGeneration(first, object(1, { status: { conditions: [] } }), reader)).toBe(first);
  expect(reader).toHaveBeenCalledTimes(1);
  expect(keptGeneration(first, object(2), reader)).not.toBe(first);
  expect(keptGeneration(first, object(1, {}, 'made again'), reader)).not.toBe(first);
  // An API server that does not count says nothing by it.
  const uncounted = keptGeneration(undefined, object(0), reader);
  expect(keptGeneration(uncounted, object(0, { spec: 1 }), reader)).not.toBe(uncounted);
});

it('keeps an object of another kind as it was, if it reads the same', () => {
  const first = kept(undefined, object(0, { spec: 1 }), read);
  expect(kept(first, object(0, { spec: 1, status: 2 }), read)).toBe(first);
  expect(kept(first, object(0, { spec: 2 }), read)).not.toBe(first);
});
