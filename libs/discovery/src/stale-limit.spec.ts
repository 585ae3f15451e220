import { describe, expect, it } from 'vitest';
import { endpointSet } from './endpoint.ts';
import { DiscoveryError, type DiscoveryErrorCode } from './errors.ts';
import type { EndpointListener } from './source.ts';
import { withStaleLimit } from './stale-limit.ts';
import { staticSource } from './static-source.ts';
import { observe } from './testing/observe.ts';
import { compliesAsSource } from './testing/source-compliance.ts';

const set = endpointSet([{ address: '10.0.0.1', port: 1, state: 'ready' }]);

function limited(staleMs: number) {
  let listener!: EndpointListener;
  const source = {
    description: 'driven',
    watch: (watching: EndpointListener) => {
      listener = watching;
      return () => {};
    },
  };
  const observed = observe(withStaleLimit(source, staleMs));
  const fail = (code: DiscoveryErrorCode) => listener.onError(new DiscoveryError(code, ''));
  const recover = () => listener.onRecovered();
  return { ...observed, tell: () => listener.onEndpoints(set), fail, recover };
}

describe('withStaleLimit', () => {
  compliesAsSource(() => withStaleLimit(staticSource(set.endpoints), 1000));

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
