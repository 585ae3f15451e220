import { describe, expect, it } from 'vitest';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { DiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { versionOf } from '../resource.ts';
import { ResourceCache } from '../resource-cache.ts';
import { typeUrlOf, type ResourceType } from '../resource-type.ts';
import { message } from '../resources/message.ts';
import { entry } from '../testing/entry.ts';
import { modelClient, type ModelClient } from '../testing/model-client.ts';
import { SotwStream } from './sotw-stream.ts';

const variants = ['sotw', 'delta'] as const;

function setup(variant: (typeof variants)[number]) {
  const clock = { nowMs: 0 };
  const cache = new ResourceCache();
  const client = modelClient(variant, cache, { now: () => clock.nowMs });
  const put = (type: ResourceType, contents: Record<string, string>) =>
    cache.replace(
      type,
      Object.entries(contents).map(([name, content]) => entry(type, name, content)),
    );
  return { clock, cache, client, put };
}

/** Answers all that comes as a client that takes the good ones, and says `error` of what has bad ones. */
function acknowledgeAll(client: ModelClient, error: (bad: string[]) => string): number {
  let rejections = 0;
  while (client.inbox.length > 0) {
    const { type, resources } = client.inbox[0]!;
    const bad = [...resources].filter(([, content]) => content.includes('bad')).map(([name]) => name);
    if (bad.length === 0) {
      client.ack();
      continue;
    }
    rejections++;
    for (const [name, content] of resources) if (!bad.includes(name)) client.has(type).set(name, content);
    client.nack(error(bad));
  }
  return rejections;
}

const unreadable = () => 'something is wrong';
const envoy = (bad: string[]) =>
  `Error adding/updating listener(s) ${bad.map((name) => `${name}: cannot bind 'good'\n`).join('')}`;
const contentsOf = (client: ModelClient, type: ResourceType) => Object.fromEntries(client.has(type));

describe.each(variants)('what a client of a %s stream rejects', (variant) => {
  it('is the listener that Envoy names, and no other: the good one stays and is updated', () => {
    const { client, put } = setup(variant);
    put('listener', { good: '1', bad: 'bad' });
    client.subscribe('listener', []);
    expect(acknowledgeAll(client, envoy)).toBe(1);
    put('listener', { good: '2', bad: 'bad' });
    expect(acknowledgeAll(client, envoy)).toBe(0);
    expect(contentsOf(client, 'listener')).toEqual({ good: 'good=2' });
  });

  it('is tried again after a back-off that grows, and taken when it is good by then', () => {
    const { client, put, clock } = setup(variant);
    put('listener', { good: '1', bad: 'bad' });
    client.subscribe('listener', []);
    const attemptsAt: number[] = [];
    for (let second = 0; second < 1300; second++) {
      clock.nowMs = second * 1000;
      client.stream.tick();
      if (acknowledgeAll(client, envoy) > 0) attemptsAt.push(second);
    }
    expect(attemptsAt).toEqual([0, 10, 30, 70, 150, 310, 610, 910, 1210]);
    expect(contentsOf(client, 'listener')).toEqual({ good: 'good=1' });

    clock.nowMs = 1_600_000;
    client.stream.tick();
    client.ack(); // now there is room for it
    expect(client.stream.types.get('listener')!.nacked).toBeUndefined();
    expect(contentsOf(client, 'listener')).toEqual({ good: 'good=1', bad: 'bad=bad' });
    client.stream.tick();
    expect(client.inbox).toEqual([]);
  });

  it('is tried at once when it changes, with a back-off from the start', () => {
    const { client, put, clock } = setup(variant);
    put('listener', { bad: 'bad' });
    client.subscribe('listener', []);
    acknowledgeAll(client, envoy);
    clock.nowMs = 10_000;
    client.stream.tick();
    acknowledgeAll(client, envoy);
    expect(client.stream.types.get('listener')!.nacked!.get('bad')).toMatchObject({
      attempts: 2,
      retryAtMs: 30_000,
    });
    put('listener', { bad: 'bad too' });
    acknowledgeAll(client, envoy);
    expect(client.stream.types.get('listener')!.nacked!.get('bad')).toMatchObject({
      attempts: 1,
      retryAtMs: 20_000,
    });
  });

  it('is found out where the error names nothing, and nothing that was acknowledged is ever taken away', () => {
    const { client, put } = setup(variant);
    put('cluster', { a: '1', b: '1', c: '1' });
    client.subscribe('cluster', []);
    client.ack();
    put('cluster', { a: '2', b: 'bad', c: '2', d: 'bad', e: '1' });
    while (client.inbox.length > 0) {
      const { resources } = client.inbox[0]!;
      if (variant === 'sotw') expect([...resources.keys()]).toEqual(expect.arrayContaining(['a', 'b', 'c']));
      if ([...resources.values()].some((content) => content.includes('bad')))
        client.nack('something is wrong');
      else client.ack();
    }
    expect(contentsOf(client, 'cluster')).toEqual({ a: 'a=2', b: 'b=1', c: 'c=2', e: 'e=1' });
    expect([...client.stream.types.get('cluster')!.nacked!.keys()].sort()).toEqual(['b', 'd']);
    put('cluster', { a: '3', b: '2', c: '3', d: '2', e: '2' });
    acknowledgeAll(client, unreadable);
    expect(contentsOf(client, 'cluster')).toEqual({ a: 'a=3', b: 'b=2', c: 'c=3', d: 'd=2', e: 'e=2' });
  });

  it('is looked for in a bounded number of responses, however much of it there is', () => {
    const { client, put, clock } = setup(variant);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`c${index}`, 'bad']));
    put('cluster', { good: '1', ...many });
    client.subscribe('cluster', []);
    expect(acknowledgeAll(client, unreadable)).toBeLessThan(100);
    clock.nowMs = 9_999;
    client.stream.tick();
    expect(client.inbox).toEqual([]);
  });

  it('is not all that an error names which is cut: the rest is sent again', () => {
    const { client, put } = setup(variant);
    put('listener', { bad: 'bad', 'bad-2': 'bad', good: '1' });
    client.subscribe('listener', []);
    client.nack('Error adding/updating listener(s) bad: cannot bi...(truncated)');
    expect([...client.inbox[0]!.resources.keys()]).toEqual(['bad-2', 'good']);
    client.nack('Error adding/updating listener(s) bad-2: cannot bind\n');
    expect([...client.stream.types.get('listener')!.nacked!.keys()]).toEqual(['bad', 'bad-2']);
    expect(client.stream.types.get('listener')!.acked.has('good')).toBe(true);
  });

  it('does not keep endpoints from an Envoy that stops at the first bad ones', () => {
    const clock = { nowMs: 0 };
    const cache = new ResourceCache();
    const client = modelClient(variant, cache, { now: () => clock.nowMs, node: { userAgentName: 'envoy' } });
    cache.replace('x', [
      entry('endpoints', 'a', 'bad'),
      entry('endpoints', 'b', '1'),
      entry('endpoints', 'c', '1'),
    ]);
    client.subscribe('endpoints', ['a', 'b', 'c']);
    client.nack('Unexpected EDS cluster (expecting a): x');
    expect(client.inbox.map(({ resources }) => [...resources.keys()])).toEqual([['b', 'c']]);
    client.ack();
    expect(client.inbox).toEqual([]);
  });
});

describe('a client that comes back after a restart, with a version of the state of the world', () => {
  /** What it is sent, by name, in the first response and after each acknowledgement. */
  function comeBack(versionInfo: string, cache: ResourceCache) {
    const sent: string[][] = [];
    let nonce = '';
    const stream = new SotwStream({
      cache,
      now: () => 0,
      send: () => {
        const { outstanding } = stream.types.get('listener')!;
        nonce = outstanding!.nonce;
        sent.push(outstanding!.given.map(({ name, version }) => `${name}=${version}`));
      },
    });
    cache.onChange(() => stream.onCacheChange());
    const request = (error?: string) =>
      stream.onRequest(
        message(DiscoveryRequest, {
          node: message(Node, { id: 'e', userAgentName: 'envoy' }),
          typeUrl: typeUrlOf('listener'),
          versionInfo,
          responseNonce: nonce,
          ...(error === undefined ? {} : { errorDetail: { code: 13, message: error, details: [] } }),
        }),
      );
    request();
    return { sent, request, names: () => sent.at(-1)!.map((text) => text.split('=')[0]) };
  }

  it('keeps what it may have, of which the new stream does not know', () => {
    const cache = new ResourceCache();
    cache.replace('x', [entry('listener', 'good', '1'), entry('listener', 'bad', '2')]);
    const { request, names, sent } = comeBack('what it had then', cache);
    request("Error adding/updating listener(s) bad: cannot bind '127.0.0.1:80': Address already in use\n");
    cache.replace('x', [entry('listener', 'good', '2'), entry('listener', 'bad', '2')]);
    expect(names()).toEqual(['good', 'bad']);
    request('Error adding/updating listener(s) bad: cannot bind\n');
    expect(sent).toHaveLength(2); // and no storm
  });

  it('keeps all of it where the error names nothing', () => {
    const cache = new ResourceCache();
    cache.replace('x', [entry('listener', 'good', '1'), entry('listener', 'bad', '2')]);
    const { request, names, sent } = comeBack('what it had then', cache);
    request('something is wrong');
    expect(sent).toHaveLength(1);
    cache.replace('y', [entry('listener', 'third', '1')]);
    expect(names()).toEqual(['good', 'bad', 'third']);
  });

  it('is not sent again what it rejected then and has not, as its version says', () => {
    const cache = new ResourceCache();
    const good = entry('listener', 'good', '1');
    cache.replace('x', [good, entry('listener', 'bad', '2')]);
    const { request, names } = comeBack(versionOf([good]), cache);
    request("Error adding/updating listener(s) bad: cannot bind '127.0.0.1:80': Address already in use\n");
    cache.replace('x', [entry('listener', 'good', '2'), entry('listener', 'bad', '2')]);
    expect(names()).toEqual(['good']);
  });
});
