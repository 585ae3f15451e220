import { PassThrough } from 'node:stream';
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { Tally } from '../tally.ts';
import { JsonOutput } from './json.ts';
import { LinesOutput } from './lines.ts';

function sink() {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { stream, text: () => text };
}
const ok = { pod: 'a', code: status.OK, message: 'Hello', peer: '1.1.1.1:1', latencyMs: 2 };
const failed = {
  pod: undefined,
  code: status.UNAVAILABLE,
  message: 'gone\nforge',
  peer: undefined,
  latencyMs: 2,
};

it('writes a plain line for each interval, and what failed first in it', async () => {
  const { stream, text } = sink();
  const output = new LinesOutput(stream, 10);
  output.call(ok);
  output.call(failed);
  await expect
    .poll(text)
    .toBe(
      '2 calls, 1 failed, p50 2.01ms, p99 2.01ms: (no pod) 1, a 1\n  first error: UNAVAILABLE: gone forge\n',
    );
  output.summary(new Tally(), 1);
});

it('writes a line for each call', async () => {
  const { stream, text } = sink();
  const output = new LinesOutput(stream, 'calls');
  output.call(ok);
  output.call(failed);
  await expect
    .poll(text)
    .toBe('a answered after 2.00ms: Hello\nnobody failed after 2.00ms: UNAVAILABLE: gone forge\n');
});

it('writes JSON for each interval, and for the end', async () => {
  const { stream, text } = sink();
  const output = new JsonOutput(stream, new Tally(), 10);
  const all = new Tally();
  for (const result of [ok, failed]) {
    all.add(result);
    output.call(result);
  }
  output.skip();
  await expect.poll(text).toContain('\n');
  output.summary(all, 1.5);
  await expect.poll(() => text().split('\n').length).toBe(3);
  const [tally, summary] = text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(tally).toMatchObject({
    event: 'tally',
    calls: 2,
    errors: 1,
    skipped: 1,
    errorCodes: { UNAVAILABLE: 1 },
  });
  expect(summary).toMatchObject({
    event: 'summary',
    seconds: 1.5,
    calls: 2,
    jain: 1,
    coefficientOfVariation: 0,
  });
});
