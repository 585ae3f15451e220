import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResourceCache } from '../resource-cache.ts';
import { isWholeSet, type ResourceType } from '../resource-type.ts';
import { entry } from '../testing/entry.ts';
import { modelClient, type ModelClient } from '../testing/model-client.ts';

/**
 * Random histories against a simple model: whatever clients and cache do, in the end every client has exactly what it
 * subscribes to, less what it rejects. 200 histories of up to 100 steps for each variant; the seed is in the failure.
 */
const types: ResourceType[] = ['cluster', 'endpoints', 'listener', 'route'];
const names = ['a', 'b', 'c', 'd'];
const type = fc.constantFrom(...types);
const client = fc.integer({ min: 0, max: 2 });

type Step =
  | { do: 'put'; type: ResourceType; name: string; content: string }
  | { do: 'remove'; type: ResourceType; name: string }
  | { do: 'subscribe'; client: number; type: ResourceType; names: string[] }
  | { do: 'ack' | 'nack' | 'reconnect'; client: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  // A content with "bad" in it is one that every client rejects.
  fc.record({
    do: fc.constant('put' as const),
    type,
    name: fc.constantFrom(...names),
    content: fc.constantFrom('1', '2', '3', 'bad'),
  }),
  fc.record({ do: fc.constant('remove' as const), type, name: fc.constantFrom(...names) }),
  fc.record({
    do: fc.constant('subscribe' as const),
    client,
    type,
    names: fc.subarray(names, { minLength: 1 }),
  }),
  fc.record({ do: fc.constantFrom('ack' as const, 'nack' as const), client }),
  fc.record({ do: fc.constant('reconnect' as const), client }),
);

const keyOf = (of: ResourceType, name: string) => `${of} ${name}`;

function history(variant: 'sotw' | 'delta', steps: readonly Step[]) {
  const cache = new ResourceCache();
  const truth = new Map<string, { type: ResourceType; name: string; content: string }>();
  /** All contents that a resource has had; a content that was put again later is there again. */
  const puts = new Map<string, string[]>();
  const publish = () =>
    cache.replace(
      'all',
      [...truth.values()].map((item) => entry(item.type, item.name, item.content)),
    );
  const clients: ModelClient[] = [0, 1, 2].map(() => modelClient(variant, cache));
  const wants = clients.map(() => new Map<ResourceType, string[]>());

  for (const next of steps) {
    switch (next.do) {
      case 'put':
        if (truth.get(keyOf(next.type, next.name))?.content !== next.content) {
          const contents = puts.get(keyOf(next.type, next.name)) ?? [];
          puts.set(keyOf(next.type, next.name), [...contents, `${next.name}=${next.content}`]);
        }
        truth.set(keyOf(next.type, next.name), next);
        publish();
        break;
      case 'remove':
        truth.delete(keyOf(next.type, next.name));
        publish();
        break;
      case 'subscribe': {
        drop(clients[next.client]!, next.type); // so that it is never stale: the client asks again until it is heard
        wants[next.client]!.set(next.type, next.names);
        clients[next.client]!.subscribe(next.type, next.names);
        break;
      }
      case 'ack':
      case 'nack':
        answer(clients[next.client]!);
        break;
      case 'reconnect': {
        const had = new Map(types.map((each) => [each, new Map(clients[next.client]!.has(each))]));
        clients[next.client] = modelClient(variant, cache, { had });
        for (const [each, wanted] of wants[next.client]!) clients[next.client]!.subscribe(each, wanted);
      }
    }
  }
  for (const each of clients) while (each.inbox.length > 0) answer(each);
  return { truth, puts, clients, wants };
}

/** Answers the oldest response as a real client does: bad content is rejected, and named. */
function answer(client: ModelClient): void {
  const bad = [...(client.inbox[0]?.resources ?? [])].filter(([, content]) => content.endsWith('=bad'));
  if (bad.length === 0) return client.ack();
  // Clients take the good part of what they reject.
  const { type: of, resources } = client.inbox[0]!;
  for (const [name, content] of resources) if (!content.endsWith('=bad')) client.has(of).set(name, content);
  client.nack(`rejected: ${bad.map(([name]) => name).join(' ')}`);
}

function drop(client: ModelClient, of: ResourceType): void {
  while (client.inbox.some(({ type: came }) => came === of)) answer(client);
}

describe.each(['sotw', 'delta'] as const)('any history of %s streams', (variant) => {
  it('ends with every client having what it subscribes to', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 100 }), (steps) => {
        const { truth, puts, clients, wants } = history(variant, steps);
        clients.forEach((each, index) => {
          for (const [of, wanted] of wants[index]!) {
            for (const name of wanted) {
              const now = truth.get(keyOf(of, name))?.content;
              const has = each.has(of).get(name);
              // Of what is bad it has nothing, or something that it had before; of what is gone nothing, where streams
              // can say so.
              const good = (puts.get(keyOf(of, name)) ?? []).filter((content) => content !== `${name}=bad`);
              if (now === 'bad') expect([undefined, ...good]).toContain(has);
              else if (now !== undefined) expect(has).toBe(`${name}=${now}`);
              else if (variant === 'delta' || isWholeSet(of)) expect(has).toBeUndefined();
            }
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  it('never sends rejected content twice on a stream', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 100 }), (steps) => {
        const noResubscribe = steps.filter(({ do: what }) => what !== 'reconnect' && what !== 'remove');
        const { puts, clients } = history(variant, noResubscribe);
        for (const { received } of clients) {
          for (const [of, name] of types.flatMap((each) => names.map((one) => [each, one] as const))) {
            const isBad = (content: string | undefined) => content === `${name}=bad`;
            const sent = received.filter(
              ({ type: came, resources }) => came === of && isBad(resources.get(name)),
            );
            const put = (puts.get(keyOf(of, name)) ?? []).filter(isBad);
            expect(sent.length).toBeLessThanOrEqual(put.length);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
