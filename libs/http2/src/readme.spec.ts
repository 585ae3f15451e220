import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as http2 from './index.ts';
import { defaultLimits } from './limits.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README works as it stands', async () => {
  const code = /```js\nimport \{(.*?)\}.*?\n(.*?)```/s.exec(readme)!;
  const names = code[1]!.split(',').map((name) => name.trim());
  const status = await new Promise((resolve) => {
    // The example's own text is run, so it cannot become wrong unseen.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const run = new Function('console', ...names, code[2]!) as (...values: unknown[]) => void;
    run({ log: resolve }, ...names.map((name) => http2[name as keyof typeof http2]));
  });
  expect(status).toBe('200');
});

test('the example of a memory budget says what it does', () => {
  const code = /```js\n(const budget = .*?)```/s.exec(readme)![1]!;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const run = new Function('MemoryBudget', `${code}; return [budget.usedBytes, share.refusesWork];`) as (
    budget: unknown,
  ) => unknown;
  expect(run(http2.MemoryBudget)).toEqual([0, false]);
});

test('the README names every limit', () => {
  for (const name of Object.keys(defaultLimits)) expect(readme).toContain(`\`${name}\``);
});
