import { describe, expect, it } from 'vitest';
import { ResourceCache } from '../resource-cache.ts';
import type { ResourceType } from '../resource-type.ts';
import { entry } from '../testing/entry.ts';
import { ackAll, inbox } from '../testing/inbox.ts';
import { modelClient } from '../testing/model-client.ts';

describe.each(['sotw', 'delta'] as const)('the order of a %s stream', (variant) => {
  const setup = (options: Parameters<typeof modelClient>[2] = {}) => {
    const cache = new ResourceCache();
    return { cache, client: modelClient(variant, cache, options) };
  };

  it('sends in the order cluster, endpoints, listener, route; the last two when what they need is acknowledged', () => {
    const { cache, client } = setup();
    const all: ResourceType[] = ['route', 'listener', 'endpoints', 'cluster'];
    for (const type of all) client.subscribe(type, ['*', 'x']);
    for (const type of ['endpoints', 'route'] as const) client.subscribe(type, ['x']);
    ackAll(client);
    cache.replace(
      'x',
      all.map((type) => entry(type, 'x')),
    );
    const unanswered: string[][] = [];
    while (client.inbox.length > 0) {
      unanswered.push(client.inbox.map(({ type }) => type));
      client.ack();
    }
    expect(unanswered).toEqual([['cluster', 'endpoints'], ['endpoints'], ['listener'], ['route']]);
  });

  it("sends a new cluster's endpoints before the cluster is acknowledged: Envoy holds that back until it has them", () => {
    const { cache, client } = setup();
    cache.replace('x', [entry('cluster', 'a'), entry('endpoints', 'a')]);
    client.subscribe('cluster', []);
    client.subscribe('endpoints', ['a']);
    ackAll(client);
    cache.replace('y', [entry('cluster', 'b'), entry('endpoints', 'b')]);
    client.subscribe('endpoints', ['a', 'b']);
    expect(client.inbox.map(({ type }) => type)).toEqual(['cluster', 'endpoints']);
    expect([...client.inbox[1]!.resources.keys()]).toEqual(['b']);
  });

  it('takes a cluster away only when the client has acknowledged what replaces it', () => {
    const { cache, client } = setup();
    const version = (route: string, ...clusters: string[]) => [
      entry('route', 'r', route, [route]),
      ...clusters.flatMap((name) => [entry('cluster', name), entry('endpoints', name)]),
    ];
    cache.replace('x', version('old', 'old'));
    client.subscribe('route', ['r']);
    client.subscribe('cluster', []);
    client.subscribe('endpoints', ['old']);
    ackAll(client);

    cache.replace('x', version('new', 'new'));
    expect([...client.inbox[0]!.resources.keys()]).toContain('new');
    client.ack(); // now it knows the new cluster, and asks for its endpoints
    client.subscribe('endpoints', ['old', 'new']);
    while (client.inbox.length > 0) {
      const mayBreak = client.has('route').get('r') === 'r=new' && client.has('endpoints').has('new');
      client.ack();
      if (!mayBreak) expect(client.has('cluster').has('old')).toBe(true);
    }
    expect([...client.has('cluster').keys()]).toEqual(['new']);
  });

  it('does not hold a removal for ever', () => {
    let nowMs = 0;
    const { cache, client } = setup({ now: () => nowMs });
    cache.replace('x', [entry('cluster', 'a'), entry('cluster', 'b'), entry('route', 'r', '1', ['a'])]);
    client.subscribe('cluster', ['a', 'b']);
    client.subscribe('route', ['r']);
    ackAll(client);
    cache.replace('x', [entry('cluster', 'b'), entry('route', 'r', '2', ['b'])]);
    client.stream.tick();
    expect(inbox(client)).toEqual(['route: r']); // and never answered
    nowMs += 30_000;
    client.stream.tick();
    expect(client.received.at(-1)).toMatchObject({ type: 'cluster' });
    ackAll(client);
    expect([...client.has('cluster').keys()]).toEqual(['b']);
  });

  it.each(['cluster', 'endpoints', 'listener'] as const)(
    'does not hold listeners and routes for ever when the client does not answer a change of its %s',
    (silent) => {
      let nowMs = 0;
      const { cache, client } = setup({ now: () => nowMs });
      const types: ResourceType[] = ['cluster', 'endpoints', 'listener', 'route'];
      const version = (content: string) => types.map((type) => entry(type, 'x', content));
      cache.replace('x', version('1'));
      for (const type of types) client.subscribe(type, ['x']);
      ackAll(client);
      cache.replace('x', version('2'));
      const acknowledgeOthers = () => {
        for (let at = 0; (at = client.inbox.findIndex(({ type }) => type !== silent)) >= 0;) {
          client.inbox.unshift(...client.inbox.splice(at, 1));
          client.ack();
        }
      };
      acknowledgeOthers();
      nowMs = 29_000;
      client.stream.tick();
      acknowledgeOthers();
      expect(client.has('route').get('x')).toBe('x=1');
      nowMs = 30_000;
      client.stream.tick();
      acknowledgeOthers();
      for (const type of types) expect(client.has(type).get('x')).toBe(type === silent ? 'x=1' : 'x=2');
    },
  );

  it("sends a changed cluster's endpoints again, though unchanged: Envoy waits for them", () => {
    const changedClusters: string[] = [];
    const { cache, client } = setup({ onClustersChanged: (names) => changedClusters.push(...names) });
    cache.replace('x', [entry('cluster', 'c', '1'), entry('endpoints', 'c')]);
    client.subscribe('cluster', []);
    client.subscribe('endpoints', ['c']);
    ackAll(client);
    expect(changedClusters).toEqual([]);
    cache.replace('x', [entry('cluster', 'c', '2'), entry('endpoints', 'c')]);
    expect(ackAll(client)).toEqual(['cluster: c', 'endpoints: c']);
    expect(changedClusters).toEqual(['c']);
    client.stream.resend('endpoints', ['c', 'other']);
    expect(inbox(client)).toEqual(['endpoints: c']);
  });
});
