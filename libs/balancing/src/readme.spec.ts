import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { call } from './testing/example.ts';

it('README shows the example that works', async () => {
  const example = await readFile(new URL('testing/example.ts', import.meta.url), 'utf8');
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(example.replace('../index.ts', '@evenly/balancing'));
  const answers = await Promise.all(Array.from({ length: 20 }, () => call(async (target) => `by ${target}`)));
  expect(new Set(answers)).toEqual(new Set(['by a', 'by b']));
  await expect(call(() => Promise.reject(new Error('reset')))).rejects.toThrow('reset');
});
