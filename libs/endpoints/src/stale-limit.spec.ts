import { describe, expect, it } from 'vitest';
import type { Endpoint } from './endpoint.ts';
import { withStaleLimit } from './stale-limit.ts';
import { drivenSource } from './testing/driven-source.ts';
import { observe } from './testing/observe.ts';
import { compliesAsSource } from './testing/source-compliance.ts';

const endpoint: Endpoint = { address: '10.0.0.1', port: 1, state: 'ready' };

function limited(staleMs: number) {
  const { source, tell, fail, recover } = drivenSource();
  const observed = observe(withStaleLimit(source, staleMs));
  return { ...observed, tell: () => tell(endpoint), fail, recover };
}

describe('withStaleLimit', () => {
  compliesAsSource(() => {
    const { source, tell, fail, recover: heal } = drivenSource(endpoint);
    const change = () => tell(endpoint, { ...endpoint, port: 2 });
    return { source: withStaleLimit(source, 60_000), change, fail, heal };
  });

  it('keeps the last good set for a while, then says that it is empty, once', async () => {
    const { sets, errors, tell, fail, recover, stop } = limited(10);
    tell();
    fail('UNREACHABLE');
    fail('UNREACHABLE');
    expect(sets).toEqual([['10.0.0.1:1']]);
    await expect.poll(() => sets).toEqual([['10.0.0.1:1'], []]);
    fail('UNREACHABLE');
    expect(errors).toHaveLength(3);
    tell();
    expect(sets.at(-1)).toEqual([]);
    recover();
    expect(sets.at(-1)).toEqual(['10.0.0.1:1']);
    stop();
  });

  it('takes a first NOT_FOUND at its word, but keeps what there was before a later one', () => {
    const first = limited(60_000);
    first.fail('NOT_FOUND');
    expect(first.sets).toEqual([[]]);
    first.stop();
    const later = limited(60_000);
    later.tell();
    later.fail('NOT_FOUND');
    expect(later.sets).toEqual([['10.0.0.1:1']]);
    later.stop();
  });

  it('tells nothing at first when it cannot know: clients keep what they have', () => {
    const { sets, fail, stop } = limited(60_000);
    fail('UNREACHABLE');
    expect(sets).toEqual([]);
    stop();
  });
});
