import { describe, expect, it } from 'vitest';
import { ResourceCache } from '../resource-cache.ts';
import { entry } from '../testing/entry.ts';
import { ackAll, inbox } from '../testing/inbox.ts';
import { modelClient } from '../testing/model-client.ts';

/** A cache that has `a`, where others may still come. */
function partial() {
  const cache = new ResourceCache();
  cache.isPartial = true;
  cache.replace('files', [entry('listener', 'a'), entry('cluster', 'a'), entry('endpoints', 'a')]);
  const client = (variant: 'sotw' | 'delta', had?: Parameters<typeof modelClient>[2]) => {
    const one = modelClient(variant, cache, had);
    cache.onWhole(() => one.stream.onWhole());
    return one;
  };
  const rest = [entry('listener', 'b'), entry('cluster', 'b'), entry('endpoints', 'b')];
  const whole = (...resources: typeof rest) => {
    cache.replace('cluster', resources);
    cache.isPartial = false;
  };
  return { cache, client, whole, rest };
}

const hadAll = () => ({
  had: new Map((['listener', 'cluster'] as const).map((type) => [type, new Map([['b', 'b=']])])),
});

describe.each(['sotw', 'delta'] as const)('while some have not spoken, a %s client', (variant) => {
  it('gets what there is, and what comes later', () => {
    const { client, whole, rest } = partial();
    const one = client(variant);
    for (const type of ['cluster', 'endpoints', 'listener'] as const) one.subscribe(type, ['a']);
    expect(ackAll(one)).toEqual(['cluster: a', 'endpoints: a', 'listener: a']);
    one.subscribe('listener', ['a', 'b']);
    ackAll(one);
    whole(...rest);
    expect(ackAll(one).at(-1)).toMatch(/^listener: (a )?b$/);
    expect([...one.has('listener').keys()].sort()).toEqual(['a', 'b']);
  });

  it('that asks for what may still come is not told that there is none, before that is known', () => {
    const { client, whole } = partial();
    const one = client(variant);
    one.subscribe('listener', ['b']);
    expect(one.received).toEqual([]);
    whole();
    expect(inbox(one)).toEqual([variant === 'sotw' ? 'listener: ' : 'listener: , less b']);
  });

  it('that has it from another server keeps it, and lets go of it when it turns out to be gone', () => {
    const { client, whole } = partial();
    const one = client(variant, hadAll());
    one.subscribe('listener', ['a', 'b']);
    one.subscribe('cluster', ['b']);
    ackAll(one);
    expect([...one.has('listener').keys()]).toContain('b');
    expect([...one.has('cluster').keys()]).toEqual(['b']);
    whole();
    ackAll(one);
    expect([...one.has('listener').keys()]).toEqual(['a']);
    expect([...one.has('cluster').keys()]).toEqual([]);
  });

  it('keeps what goes meanwhile, for others may bring it', () => {
    const { cache, client, whole, rest } = partial();
    const one = client(variant);
    cache.replace('files', [entry('listener', 'a'), entry('listener', 'b')]);
    one.subscribe('listener', ['a', 'b']);
    ackAll(one);
    cache.replace('files', [entry('listener', 'a', '2')]);
    ackAll(one);
    expect([...one.has('listener')]).toEqual([
      ['a', 'a=2'],
      ['b', 'b='],
    ]);
    whole(...rest);
    ackAll(one);
    expect([...one.has('listener').keys()]).toEqual(['a', 'b']);
  });

  it('that asks for everything waits for it, and gets its endpoints by name', () => {
    const { client, whole, rest } = partial();
    const one = client(variant);
    one.subscribe('listener', []);
    one.subscribe('endpoints', ['a']);
    expect(ackAll(one)).toEqual(['endpoints: a']);
    whole(...rest);
    expect(ackAll(one)).toEqual(['listener: a b']);
  });
});

it('no listener for any name stands in for one that may still come', () => {
  const { cache, client } = partial();
  cache.replace('any', [entry('listener', '*')]);
  const one = client('sotw', { node: { userAgentName: 'gRPC Go' } });
  one.subscribe('listener', ['shop.eu:80']);
  expect(one.received).toEqual([]);
});
