import { expect, it } from 'vitest';
import { ResourceCache } from '../resource-cache.ts';
import type { NodeResource, Resource } from '../resource.ts';
import { entry } from '../testing/entry.ts';
import { modelClient } from '../testing/model-client.ts';

/** Counts how often it is asked for: once for each plan of a stream that subscribes to it. */
function counted(item: Resource): NodeResource & { asked: number } {
  const counting = {
    type: item.type,
    name: item.name,
    version: item.version,
    asked: 0,
    forNode: () => {
      counting.asked++;
      return item;
    },
  };
  return counting;
}

it.each(['sotw', 'delta'] as const)('plans a %s stream for updates only, not for every ACK', (variant) => {
  const cache = new ResourceCache();
  const first = counted(entry('endpoints', 'c', '1'));
  cache.replace('c', [first]);
  const client = modelClient(variant, cache);
  client.subscribe('endpoints', ['c']);
  expect(first.asked).toBe(1);
  client.ack();
  expect(first.asked).toBe(1);

  const second = counted(entry('endpoints', 'c', '2'));
  cache.replace('c', [second]);
  client.ack();
  expect(second.asked).toBe(1);
  expect(client.has('endpoints').get('c')).toBe('c=2');
});

it.each(['sotw', 'delta'] as const)(
  'plans a %s stream again after a change that came before its ACK',
  (variant) => {
    const cache = new ResourceCache();
    cache.replace('c', [entry('endpoints', 'c', '1')]);
    const client = modelClient(variant, cache);
    client.subscribe('endpoints', ['c']);
    cache.replace('c', [entry('endpoints', 'c', '2')]);
    client.ack();
    client.ack();
    expect(client.has('endpoints').get('c')).toBe('c=2');
  },
);

it('sees that a name was dropped, though another one is there twice', () => {
  const cache = new ResourceCache();
  const client = modelClient('sotw', cache);
  cache.replace('ab', [entry('endpoints', 'a'), entry('endpoints', 'b')]);
  client.subscribe('endpoints', ['a', 'b']);
  client.ack();
  client.subscribe('endpoints', ['a', 'a']);
  expect([...client.stream.types.get('endpoints')!.subscription.names]).toEqual(['a']);
});
