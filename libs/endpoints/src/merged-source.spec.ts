import { describe, expect, it } from 'vitest';
import type { Endpoint } from './endpoint.ts';
import { mergedSource } from './merged-source.ts';
import { drivenSource } from './testing/driven-source.ts';
import { observe } from './testing/observe.ts';
import { compliesAsSource } from './testing/source-compliance.ts';

const at = (address: string, more: Partial<Endpoint> = {}): Endpoint => ({
  ...{ address, port: 1, state: 'ready' },
  ...more,
});

describe('mergedSource', () => {
  compliesAsSource(() => {
    const [one, other] = [drivenSource(at('10.0.0.1')), drivenSource(at('10.0.0.2'))];
    return {
      source: mergedSource([one.source, other.source]),
      change: () => other.tell(at('10.0.0.3')),
      fail: () => one.fail(),
      heal: () => one.recover(),
    };
  });

  it('waits until each source told something, and of an address twice takes the first source', () => {
    const [one, other] = [drivenSource(), drivenSource()];
    const { told, stop } = observe(mergedSource([one.source, other.source]));
    other.tell(at('10.0.0.1', { zone: 'b' }), at('10.0.0.2'));
    expect(told).toEqual([]);
    one.tell(at('10.0.0.1', { zone: 'a' }));
    expect(told.map(({ endpoints }) => endpoints)).toEqual([[at('10.0.0.1', { zone: 'a' }), at('10.0.0.2')]]);
    stop();
  });

  it('hides nothing of the others when one fails, at the start or later', () => {
    const [one, other] = [drivenSource(), drivenSource()];
    const { sets, errors, log, stop } = observe(mergedSource([one.source, other.source]));
    other.tell(at('10.0.0.2'));
    one.fail();
    expect(sets).toEqual([['10.0.0.2:1']]);
    other.tell(at('10.0.0.3'));
    expect(sets.at(-1)).toEqual(['10.0.0.3:1']);
    one.tell(at('10.0.0.1'));
    one.recover();
    other.fail();
    one.tell(at('10.0.0.4'));
    expect(sets.at(-1)).toEqual(['10.0.0.3:1', '10.0.0.4:1']);
    expect(errors).toHaveLength(2);
    expect(log.filter((each) => each === 'recovered')).toHaveLength(1);
    stop();
  });

  it('tells no set when all fail before they told any, and stops all', () => {
    const [one, other] = [drivenSource(), drivenSource()];
    const { log, stop } = observe(mergedSource([one.source, other.source]));
    one.fail();
    other.fail('FORBIDDEN');
    expect(log).toEqual(['UNREACHABLE', 'FORBIDDEN']);
    stop();
    expect([one.watchers(), other.watchers()]).toEqual([0, 0]);
  });

  it('refuses to merge nothing', () => {
    expect(() => mergedSource([])).toThrow('at least one source');
  });
});
