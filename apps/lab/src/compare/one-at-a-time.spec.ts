import { expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

test('the next begins when the one before has ended, well or not', async () => {
  const turns = oneAtATime();
  const said: string[] = [];
  const run = (name: string, fails = false) =>
    turns(async () => {
      said.push(`${name} begins`);
      await new Promise(setImmediate);
      said.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([run('a'), run('b', true), run('c')]);
  expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
