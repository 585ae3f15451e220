import { describe, expect, it } from 'vitest';
import { withEmptyGrace } from './empty-grace.ts';
import type { Endpoint } from './endpoint.ts';
import { mergedSource } from './merged-source.ts';
import { withStaleLimit } from './stale-limit.ts';
import { drivenSource } from './testing/driven-source.ts';
import { observe } from './testing/observe.ts';
import { compliesAsSource } from './testing/source-compliance.ts';

const pod = (port: number, state: Endpoint['state'] = 'ready'): Endpoint => ({
  address: '10.0.0.1',
  port,
  state,
});
const [a, b, c] = ['10.0.0.1:1', '10.0.0.1:2', '10.0.0.1:3'];

function graced(graceMs: number) {
  const { source, ...driven } = drivenSource();
  const kept: number[] = [];
  const graceful = withEmptyGrace(source, { graceMs, onKept: (count) => kept.push(count) });
  const around = withStaleLimit(mergedSource([graceful]), 60_000);
  return { ...driven, ...observe(around), kept, endGrace: () => around.endGrace!() };
}

describe('withEmptyGrace', () => {
  compliesAsSource(() => {
    const { source, tell, fail, recover: heal } = drivenSource(pod(1));
    const change = () => tell(pod(1), pod(2));
    return { source: withEmptyGrace(source, { graceMs: 60_000 }), change, fail, heal };
  });

  it('tells nobody of a gap: the same endpoints are there again', () => {
    const { sets, kept, tell, stop } = graced(60_000);
    tell(pod(1), pod(2));
    tell();
    expect(kept).toEqual([2]);
    tell(pod(1), pod(2));
    expect(sets).toEqual([[a, b]]);
    stop();
  });

  it('ends after a while, and begins anew with the next endpoints', async () => {
    const { sets, kept, tell, stop } = graced(10);
    tell(pod(1));
    tell();
    await expect.poll(() => sets).toEqual([[a], []]);
    tell(pod(2));
    tell();
    await expect.poll(() => sets).toEqual([[a], [], [b], []]);
    expect(kept).toEqual([1, 1]);
    stop();
  });

  it('keeps only who was ready to the last: an orderly end is told at once', () => {
    const { sets, kept, tell, stop } = graced(60_000);
    tell(pod(1), pod(2));
    tell(pod(1, 'serving-terminating'), pod(2, 'not-ready'));
    tell();
    expect(sets).toEqual([[a, b], [a, b], []]);
    expect(kept).toEqual([]);
    tell(pod(1), pod(2, 'serving-terminating'));
    tell();
    expect(sets.at(-1)).toEqual([a]);
    stop();
  });

  it('keeps all whom the source lost one after the other, but nobody who was seen to end', () => {
    const { sets, told, tell, stop } = graced(60_000);
    tell(pod(1), pod(2), pod(3));
    tell(pod(2), pod(3, 'serving-terminating'));
    tell(pod(2));
    tell();
    expect(sets.at(-1)).toEqual([a, b]);
    expect(told.at(-1)!.endpoints.every(({ state }) => state === 'ready')).toBe(true);
    tell(pod(3));
    expect(sets.at(-1)).toEqual([c]);
    stop();
  });

  it('ends when somebody knows better', () => {
    const { sets, tell, endGrace, stop } = graced(60_000);
    endGrace();
    tell(pod(1));
    endGrace();
    expect(sets).toEqual([[a]]);
    tell();
    endGrace();
    endGrace();
    expect(sets).toEqual([[a], []]);
    stop();
    endGrace();
    expect(sets).toEqual([[a], []]);
  });

  it('of 0 keeps nobody, and a source that never had endpoints has none at once', () => {
    const without = graced(0);
    without.tell(pod(1));
    without.tell();
    expect(without.sets).toEqual([[a], []]);
    without.stop();
    const first = graced(60_000);
    first.tell();
    expect(first.sets).toEqual([[]]);
    first.stop();
  });

  it('is not ended by an error, nor by a source that says twice that there are none', async () => {
    const { sets, log, tell, fail, recover, stop } = graced(10);
    tell(pod(1));
    tell();
    fail();
    recover();
    expect(sets).toEqual([[a]]);
    await expect.poll(() => sets).toEqual([[a], []]);
    expect(log).toEqual(['set', 'UNREACHABLE', 'recovered', 'set']);
    stop();
  });
});
