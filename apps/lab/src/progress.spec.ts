import { expect, it } from 'vitest';
import { textProgress } from './progress.ts';

const terminal = (isTTY: boolean, columns?: number) => {
  const written: string[] = [];
  const stdout = { isTTY, columns, write: (text: string) => void written.push(text) };
  return { written, progress: textProgress(stdout as never) };
};

it.each([
  ['no terminal', false, undefined],
  ['a terminal without size', true, 0],
])('shows plain lines in %s', async (_, isTTY, columns) => {
  const { written, progress } = terminal(isTTY, columns);
  expect(await progress.step('DNS server', async () => 7)).toBe(7);
  expect(written).toEqual(['DNS server: ok\n']);
});

it('passes the error of a step on', async () => {
  const { written, progress } = terminal(false);
  const failing = progress.step('DNS server', () => Promise.reject(new Error('no luck')));
  await expect(failing).rejects.toThrow('no luck');
  expect(written).toEqual([]);
});
