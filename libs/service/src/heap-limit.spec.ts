import { describe, expect, it } from 'vitest';
import { dividedHeap, heapWarning, processMemory } from './heap-limit.ts';

const memory = (heap: number, all: number) => ({
  heapLimitBytes: heap * 1024 ** 2,
  memoryBytes: all * 1024 ** 2,
});

describe('the heap and the container', () => {
  it.each([
    // As V8 chooses by itself.
    [259, 128, 64],
    [259, 256, 128],
    [259, 300, 150],
    [4144, 2048, 1024],
  ])('%i MiB of %i: %i are right', (heap, all, right) => {
    expect(heapWarning(memory(heap, all))).toBe(
      `V8 may take ${heap} MiB of the ${all} MiB there are, and buffers come on top: start node with --max-old-space-size=${right}`,
    );
  });

  it.each([
    [67, 128],
    [259, 512],
    [560, 1024],
    [4144, 24_000],
  ])('%i MiB of %i are no matter', (heap, all) => expect(heapWarning(memory(heap, all))).toBeUndefined());

  it('what this process has is known', () => {
    const { heapLimitBytes, memoryBytes } = processMemory();
    expect(heapLimitBytes).toBeGreaterThan(32 * 1024 ** 2);
    expect(memoryBytes).toBeGreaterThan(64 * 1024 ** 2);
    expect(memoryBytes).toBeLessThan(2 ** 50);
  });
});

describe('a heap divided among processes', () => {
  it.each([
    // In an image, with half of the container.
    [['--max-old-space-size-percentage=50'], 560, 1024, 4, ['--max-old-space-size=128']],
    [['--max_old_space_size=800', '--title=x'], 848, 1024, 2, ['--title=x', '--max-old-space-size=256']],
    [[], 259, 128, 8, ['--max-old-space-size=64']],
    // There is enough for all.
    [['--max-old-space-size=100'], 148, 1024, 2, ['--max-old-space-size=100']],
    [[], 4144, 24_000, 2, []],
  ])('%j with %i MiB of %i for %i: %j', (flags, heap, all, processes, expected) => {
    expect(dividedHeap(flags, memory(heap, all), processes)).toEqual(expected);
  });
});
