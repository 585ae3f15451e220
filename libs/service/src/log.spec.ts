import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLog, type LogOptions } from './log.ts';

/** What is written of one entry. */
async function written(format: LogOptions['format'], isTerminal = false): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'log-')), 'log');
  const fd = openSync(file, 'w');
  const log = await createLog({ app: 'demo', level: 'info', format, to: { fd, isTerminal } });
  log.warn({ reason: 'why', event: 'for programs' }, 'something');
  closeSync(fd);
  return readFileSync(file, 'utf8');
}

it('is JSON for programs, with the level as a word and the time by ISO 8601', async () => {
  expect(JSON.parse(await written('auto'))).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    app: 'demo',
    reason: 'why',
    event: 'for programs',
    msg: 'something',
  });
});

it('is a line of text for people, in a terminal or where they ask for it', async () => {
  expect(await written('text')).toMatch(
    /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: demo: something \{"reason":"why"\}\n$/,
  );
  expect(await written('auto', true)).toContain('demo: something');
  expect(await written('json', true)).toMatch(/^\{/);
});
