import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryGroup, noMemoryGroups } from './memory-group.ts';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** How the images start node, up to the program. */
const [, entrypoint] = /^ENTRYPOINT (\[.*\])$/m.exec(
  readFileSync(pathOf('../../docker/Dockerfile'), 'utf8'),
)!;
const flags = (JSON.parse(entrypoint!) as string[]).slice(1, -1);

/** What V8 lets the heaps of the main thread and of another one grow to. */
const sayLimits = `
  const { Worker, isMainThread } = require('worker_threads');
  console.log(Math.round(require('v8').getHeapStatistics().heap_size_limit / 2 ** 20));
  if (isMainThread) new Worker(process.execArgv.at(-1), { eval: true });`;

/** As a program that never lets go. */
const keepAll = `const kept = []; for (;;) kept.push(new Array(1000).fill(kept.length + 0.5));`;

/** As a program that lets go of all: objects on the heap, and buffers outside of it, each several times the container. */
const makeGarbage = `
  let last;
  const rounds = Math.ceil((process.constrainedMemory() * 4) / 2 ** 20);
  const round = (n) => {
    for (let i = 0; i < 64; i++) last = { list: new Array(2048).fill(i + 0.5), n };
    last = Buffer.alloc(2 ** 20, 1);
    if (n < rounds) setImmediate(round, n + 1);
    else console.log('done');
  };
  round(0);`;

const why = noMemoryGroups();

describe.skipIf(why)(`V8 in a container${why ? ` (skipped: ${why})` : ''}`, () => {
  const node =
    why === undefined ? execFileSync('bash', [pathOf('node.sh')], { encoding: 'utf8' }).trim() : '';

  describe.each([128, 192, 256, 384, 512])('of %i MiB', (mebibytes) => {
    let group: MemoryGroup;
    beforeEach(() => (group = new MemoryGroup(`evenly-heap-${process.pid}-${mebibytes}`, mebibytes)));
    afterEach(() => group.remove());
    const runNode = (script: string) => group.run([node, ...flags, '-e', script]);

    it('half of it is for each heap, threads included', async () => {
      const { output } = await runNode(sayLimits);
      const limits = output.trim().split('\n').map(Number);
      expect(limits).toHaveLength(2);
      // V8 adds a little for its young generation.
      for (const limit of limits) expect(Math.abs(limit - mebibytes / 2)).toBeLessThan(8);
    });

    it('a heap that only grows is ended by V8, which says so, and not by the kernel', async () => {
      const { signal, output } = await runNode(keepAll);
      expect(output).toContain('heap out of memory');
      expect(signal).toBe('SIGABRT');
    });

    it('garbage of several times its size is collected in time', async () => {
      const { code, signal, output } = await runNode(makeGarbage);
      expect({ code, signal, output }).toEqual({ code: 0, signal: null, output: 'done\n' });
    });
  });

  it('without the flag of the images the kernel ends what only grows', async () => {
    const group = new MemoryGroup(`evenly-heap-${process.pid}`, 192);
    const { signal } = await group.run([node, '-e', keepAll]).finally(() => group.remove());
    expect(signal).toBe('SIGKILL');
  });
});
