import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../limits.ts';
import type { ResourceType } from '../resource-type.ts';
import { Subscribers } from './subscribers.ts';
import { NamePool } from './name-pool.ts';
import { Subscription } from './subscription.ts';

const names = ['a', 'b', 'c', '*'];
const types: ResourceType[] = ['cluster', 'endpoints'];

const step = fc.record({
  who: fc.integer({ min: 0, max: 3 }),
  type: fc.constantFrom(...types),
  subscribe: fc.subarray(names),
  unsubscribe: fc.subarray(names),
  leaves: fc.boolean(),
});

describe('Subscribers', () => {
  it.each(['sotw', 'delta'] as const)(
    'finds whoever subscribes, after any history of %s requests',
    (variant) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
          const subscribers = new Subscribers<{ id: number }>();
          const everybody = Array.from({ length: 4 }, (_, id) => ({
            id,
            types: new Map<ResourceType, { subscription: Subscription }>(),
          }));
          for (const { who, type, subscribe, unsubscribe, leaves } of steps) {
            const one = everybody[who]!;
            if (leaves) {
              subscribers.remove(one, one.types);
              one.types.clear();
              continue;
            }
            const subscription =
              one.types.get(type)?.subscription ?? new Subscription(type, defaultLimits, new NamePool());
            one.types.set(type, { subscription });
            const change =
              variant === 'sotw'
                ? subscription.replace(subscribe)
                : subscription.patch(subscribe, unsubscribe);
            if (change !== undefined) subscribers.update(one, type, change, subscription);
          }
          for (const type of types) {
            for (const name of names.slice(0, 3)) {
              const found = [...subscribers.of(new Map([[type, new Set([name])]])).keys()].map(
                ({ id }) => id,
              );
              const wanted = everybody.filter(
                (one) => one.types.get(type)?.subscription.wants(name) ?? false,
              );
              expect(found.sort()).toEqual(wanted.map(({ id }) => id));
            }
          }
          for (const one of everybody) subscribers.remove(one, one.types);
          expect(subscribers.size).toBe(0);
        }),
      );
    },
  );

  it('says each of them once, with the types', () => {
    const subscribers = new Subscribers<{ id: number }>();
    const one = { id: 1 };
    const to = (...added: string[]) => ({ added, dropped: [], wildcardAdded: false });
    subscribers.update(one, 'cluster', to('a', 'b'), { wildcard: true });
    subscribers.update(one, 'route', to('r'), { wildcard: false });
    const changed = new Map<ResourceType, Set<string>>([
      ['cluster', new Set(['a', 'b', 'c'])],
      ['route', new Set(['r'])],
      ['listener', new Set(['a'])],
    ]);
    expect([...subscribers.of(changed)]).toEqual([[one, new Set(['cluster', 'route'])]]);
  });
});

it('tells of a listener all who ask for it by another name', () => {
  const subscribers = new Subscribers<{ id: string }>();
  const ask = (id: string, names: string[], dropped: string[] = []) => {
    const who = found.get(id) ?? { id };
    found.set(id, who);
    subscribers.update(who, 'listener', { added: names, dropped, wildcardAdded: false }, { wildcard: false });
  };
  const found = new Map<string, { id: string }>();
  const toldOf = (...names: string[]) =>
    [...subscribers.of(new Map([['listener', new Set(names)]])).keys()].map(({ id }) => id).sort();
  ask('a', ['shop', 'shop:8080']);
  ask('b', ['Shop:1']);
  ask('c', ['cart']);
  expect(toldOf('shop')).toEqual(['a', 'b']);
  expect(toldOf('shop:9000')).toEqual(['a', 'b']);
  expect(toldOf('cart')).toEqual(['c']);
  expect(toldOf('*')).toEqual(['a', 'b', 'c']);
  ask('a', [], ['shop']);
  expect(toldOf('shop')).toEqual(['a', 'b']);
  ask('a', [], ['shop:8080']);
  ask('b', [], ['Shop:1']);
  ask('c', [], ['cart']);
  expect(toldOf('*')).toEqual([]);
  expect(subscribers.size).toBe(0);
});
