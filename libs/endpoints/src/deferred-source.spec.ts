import { describe, expect, it } from 'vitest';
import { deferredSource } from './deferred-source.ts';
import type { Endpoint } from './endpoint.ts';
import { DiscoveryError } from './errors.ts';
import { drivenSource } from './testing/driven-source.ts';
import { observe } from './testing/observe.ts';
import { compliesAsSource } from './testing/source-compliance.ts';

const [one, two] = [1, 2].map((port): Endpoint => ({ address: '10.0.0.1', port, state: 'ready' }));
const soon = { initialMs: 1, maxMs: 1 };

/** Cannot be made as often as this. */
function failing(times: number, make: () => ReturnType<typeof drivenSource>) {
  let left = times;
  return deferredSource(
    'deferred',
    async () => {
      if (left-- > 0) throw new DiscoveryError('BAD_CONFIG', 'no credentials');
      return make().source;
    },
    soon,
  );
}

describe('deferredSource', () => {
  compliesAsSource(() => {
    const driven = drivenSource(one!);
    const { tell, fail, recover } = driven;
    return { source: failing(0, () => driven), change: () => tell(two!), fail, heal: recover };
  });

  it('is tried again until it can be made, and has recovered when it has told endpoints, not before', async () => {
    const driven = drivenSource();
    const { log, stop } = observe(failing(2, () => driven));
    await expect.poll(driven.watchers).toBe(1);
    expect(log).toEqual(['BAD_CONFIG', 'BAD_CONFIG']);
    driven.tell(one!);
    expect(log).toEqual(['BAD_CONFIG', 'BAD_CONFIG', 'set', 'recovered']);
    stop();
  });

  it('has not recovered as long as what was made fails itself', async () => {
    const driven = drivenSource();
    const { log, stop } = observe(failing(1, () => driven));
    await expect.poll(driven.watchers).toBe(1);
    driven.fail('FORBIDDEN');
    driven.tell(one!);
    expect(log).toEqual(['BAD_CONFIG', 'FORBIDDEN', 'set']);
    driven.recover();
    expect(log).toEqual(['BAD_CONFIG', 'FORBIDDEN', 'set', 'recovered']);
    stop();
  });

  it('is not made any more when it was stopped meanwhile', async () => {
    let made = 0;
    const source = deferredSource(
      'deferred',
      async () => {
        made++;
        throw new Error('no');
      },
      soon,
    );
    const { errors, stop } = observe(source);
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    stop();
    const before = made;
    const other = observe(source);
    await expect.poll(() => other.errors.length).toBeGreaterThan(2);
    expect(errors.length).toBe(before);
    other.stop();
  });
});
