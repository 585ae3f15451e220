import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LineWriter } from './line-writer.ts';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'lines-'))));
afterEach(() => rm(directory, { recursive: true }));

const fail = (error: Error) => {
  throw error;
};

it('drops lines, and counts them, when the reader is slow; those that it takes are whole', async () => {
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const writerEnd = await open(fifo, 'r+'); // which does not wait for a reader
  const writer = await LineWriter.open(writerEnd.fd, fail);
  const line = `${'x'.repeat(999)}\n`;
  const written = 10_000;
  for (let count = 0; count < written; count++) writer.write(line);
  expect(writer.dropped).toBeGreaterThan(written / 2);
  expect(writer.dropped).toBeLessThan(written * 0.6);

  const readerEnd = await open(fifo, 'r');
  const wanted = (written - writer.dropped) * line.length;
  let text = '';
  const reading = (async () => {
    while (text.length < wanted)
      text += (await readerEnd.read(Buffer.alloc(65_536))).buffer.toString('latin1').replaceAll('\0', '');
  })();
  const closed = writer.close(AbortSignal.timeout(20_000));
  await Promise.all([reading, closed]);
  expect(text === line.repeat(written - writer.dropped)).toBe(true);
  writer.write(line);
  expect(text).toHaveLength(wanted);
  await readerEnd.close();
});

it('ends in time when nobody reads', async () => {
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const end = await open(fifo, 'r+');
  const writer = await LineWriter.open(end.fd, fail);
  for (let count = 0; count < 200; count++) writer.write(`${'x'.repeat(999)}\n`);
  await writer.close(AbortSignal.abort());
  const { bytesRead } = await end.read(Buffer.alloc(200_000)); // lets the write that is under way end
  expect(bytesRead).toBeGreaterThan(0);
});

it.skipIf(!existsSync('/dev/full'))('says once that it cannot write, and goes on', async () => {
  const errors: Error[] = [];
  const writer = await LineWriter.open('/dev/full', (error) => errors.push(error));
  writer.write('one\n');
  await expect.poll(() => errors).toHaveLength(1);
  writer.write('two\n');
  await writer.close(AbortSignal.timeout(10_000));
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('ENOSPC')]);
});
