import { expect, it } from 'vitest';
import { jsonProgress, textProgress } from './progress.ts';

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

it('writes JSON lines for programs, with the fields that the logs of all programs have', async () => {
  const written: string[] = [];
  const progress = jsonProgress({ write: (text: string) => written.push(text) > 0 });
  await progress.step('DNS server', async () => undefined);
  progress.say('later');
  progress.ready({ running: [], tries: [] }, { address: '127.0.0.1', port: 1 });
  const common = { level: 'info', time: expect.any(String) as string, app: 'lab' };
  expect(written.map((line) => JSON.parse(line) as object)).toEqual([
    { ...common, event: 'starting', what: 'DNS server', msg: 'DNS server' },
    { ...common, event: 'message', msg: 'later' },
    expect.objectContaining({ ...common, event: 'listening', what: 'lab', msg: 'lab is ready' }),
  ]);
});
