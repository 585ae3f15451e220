import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { Tally } from '../tally.ts';
import { createOutput } from './create-output.ts';
import type { Sink } from './output.ts';

/** A terminal of 20 lines. */
function terminal() {
  const sink: Sink = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 20 });
  let text = '';
  sink.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { sink, text: () => stripVTControlCharacters(text) };
}
const config = { output: 'auto', json: false, reportEvery: 10, target: 'dns:///x' } as const;
const result = (pod: string | undefined, code = status.OK, message = '') => ({
  pod,
  code,
  message,
  peer: undefined,
  latencyMs: 2,
});

it('keeps a table up to date in a terminal, with the last error, and leaves the summary there', async () => {
  const { sink, text } = terminal();
  const tally = new Tally();
  const output = createOutput(config, tally, sink);
  expect(output.isLive).toBe(true);
  for (const each of [result('a'), result('b'), result(undefined, status.UNAVAILABLE, 'no\u001b[2J way')]) {
    tally.add(each);
    output.call(each);
  }
  await expect.poll(text).toContain('last error: UNAVAILABLE: no [2J way');
  expect(text()).toContain('calls to dns:///x; Ctrl-C ends');
  output.summary(tally, 1.5);
  await expect.poll(text).toContain('3 calls in 1.5 s, 1 failed (1 UNAVAILABLE)');
  expect(text()).toMatch(/a +1 +33\.3% +2\.01ms +2\.01ms +0/);
});

it('shows no more rows than there is room for', async () => {
  const { sink, text } = terminal();
  const tally = new Tally();
  for (let pod = 1; pod <= 50; pod++) tally.add(result(`pod-${pod}`));
  createOutput(config, tally, sink).summary(tally, 1);
  await expect.poll(text).toContain('… and 42 more pods');
  expect(text()).toContain('pod-8');
  expect(text()).not.toContain('pod-9');
});

it('draws no table where it is not wanted or nobody would see it', () => {
  const { sink } = terminal();
  const outputs = [
    createOutput({ ...config, output: 'tally' }, new Tally(), sink),
    createOutput({ ...config, json: true }, new Tally(), sink),
    createOutput(config, new Tally(), new PassThrough()),
  ];
  expect(outputs.map(({ isLive }) => isLive)).toEqual([false, false, false]);
  for (const output of outputs) output.summary(new Tally(), 0);
});
