import { describe, expect, it, onTestFinished } from 'vitest';
import { KeyedWork } from './keyed-work.ts';

/** Work that goes on until it is let go. */
function heldWork() {
  const begun: string[] = [];
  const errors: string[] = [];
  const going: { key: string; end: (error?: Error) => void }[] = [];
  const work = new KeyedWork(
    (key) =>
      new Promise((resolve, reject) => {
        begun.push(key);
        going.push({ key, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
    (key, { message }) => errors.push(`${key}: ${message}`),
  );
  onTestFinished(() => work.stop());
  const end = (key: string, error?: Error) => {
    const index = going.findIndex((one) => one.key === key);
    going.splice(index, 1)[0]!.end(error);
  };
  return { work, begun, errors, end };
}

describe('KeyedWork', () => {
  it('does each key once at a time, and once more for all that was asked meanwhile', async () => {
    const { work, begun, end } = heldWork();
    for (let i = 0; i < 5; i++) work.add('a');
    work.add('b');
    expect(begun).toEqual(['a', 'b']);
    end('a');
    await expect.poll(() => begun).toEqual(['a', 'b', 'a']);
    end('a');
    end('b');
  });

  it('does eight at a time', async () => {
    const { work, begun, end } = heldWork();
    const keys = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const key of keys) work.add(key);
    expect(begun).toEqual(keys.slice(0, 8));
    end('3');
    await expect.poll(() => begun).toEqual(keys.slice(0, 9));
  });

  it('does again what failed, until it was stopped', async () => {
    const { work, begun, errors, end } = heldWork();
    work.add('a');
    end('a', new Error('away'));
    await expect.poll(() => begun).toEqual(['a', 'a']);
    expect(errors).toEqual(['a: away']);
    work.stop();
    end('a', new Error('away'));
    work.add('b');
    await new Promise((resolve) => setImmediate(resolve));
    expect([begun, errors]).toEqual([['a', 'a'], ['a: away']]);
  });
});
