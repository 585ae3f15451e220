import { describe, expect, it } from 'vitest';
import { ResourceCache } from '../resource-cache.ts';
import { typeUrlOf } from '../resource-type.ts';
import { entry } from '../testing/entry.ts';
import { ackAll, inbox } from '../testing/inbox.ts';
import { modelClient } from '../testing/model-client.ts';

describe.each(['sotw', 'delta'] as const)('a %s stream', (variant) => {
  const setup = (options: Parameters<typeof modelClient>[2] = {}) => {
    const cache = new ResourceCache();
    return { cache, client: modelClient(variant, cache, options) };
  };

  it('serves the walk of a gRPC client: listener, route, cluster, endpoints, each acknowledged without an echo', () => {
    const { cache, client } = setup();
    cache.replace('be1', [
      entry('listener', 'l'),
      entry('route', 'r'),
      entry('cluster', 'c'),
      entry('endpoints', 'c'),
    ]);
    for (const [type, name] of [
      ['listener', 'l'],
      ['route', 'r'],
      ['cluster', 'c'],
      ['endpoints', 'c'],
    ] as const) {
      client.subscribe(type, [name]);
      expect(inbox(client)).toEqual([`${type}: ${name}`]);
      client.ack();
      expect(inbox(client)).toEqual([]);
    }
  });

  it('sends nothing when nothing changed, and only what did when something did', () => {
    const { cache, client } = setup();
    cache.replace('x', [entry('cluster', 'c'), entry('endpoints', 'c', '1')]);
    client.subscribe('cluster', ['c']);
    client.subscribe('endpoints', ['c']);
    ackAll(client);
    cache.replace('x', [entry('cluster', 'c'), entry('endpoints', 'c', '1')]);
    expect(inbox(client)).toEqual([]);
    cache.replace('x', [entry('cluster', 'c'), entry('endpoints', 'c', '2')]);
    expect(inbox(client)).toEqual(['endpoints: c']);
  });

  it('sends a resource that appears after it was asked for', () => {
    const { cache, client } = setup();
    client.subscribe('endpoints', ['c']);
    client.subscribe('listener', ['l']);
    ackAll(client);
    cache.replace('x', [entry('listener', 'l'), entry('endpoints', 'c')]);
    expect(ackAll(client)).toEqual(['endpoints: c', 'listener: l']);
  });

  it('sends again what was unsubscribed and is asked for once more, though unchanged', () => {
    const { cache, client } = setup();
    cache.replace('x', [entry('endpoints', 'c')]);
    client.subscribe('endpoints', ['c']);
    client.ack();
    client.subscribe('endpoints', []);
    expect(inbox(client)).toEqual([]);
    client.subscribe('endpoints', ['c']);
    expect(inbox(client)).toEqual(['endpoints: c']);
  });

  it('no names at first mean everything for clusters, nothing for endpoints', () => {
    const { cache, client } = setup();
    cache.replace('x', [entry('cluster', 'a'), entry('cluster', 'b'), entry('endpoints', 'a')]);
    client.subscribe('endpoints', []);
    expect(inbox(client)).toEqual([]);
    client.subscribe('cluster', []);
    expect(inbox(client)).toEqual(['cluster: a b']);
    client.ack();
    cache.replace('y', [entry('cluster', 'c')]);
    expect(inbox(client)).toEqual([variant === 'sotw' ? 'cluster: a b c' : 'cluster: c']);
  });

  it('* asks for everything, beside names; without it only the names are left', () => {
    const { cache, client } = setup();
    cache.replace('x', [entry('cluster', 'a'), entry('cluster', 'b')]);
    client.subscribe('cluster', ['*', 'a']);
    ackAll(client);
    expect([...client.has('cluster').keys()]).toEqual(['a', 'b']);
    client.subscribe('cluster', ['a']);
    ackAll(client);
    cache.replace('x', [entry('cluster', 'a', '2'), entry('cluster', 'b', '2')]);
    expect(inbox(client)).toEqual(['cluster: a']);
  });

  it('sends one response at a time: a client that does not answer skips the versions between', () => {
    const { cache, client } = setup();
    cache.replace('x', [entry('endpoints', 'c', '0')]);
    client.subscribe('endpoints', ['c']);
    for (let count = 1; count < 100; count++) cache.replace('x', [entry('endpoints', 'c', String(count))]);
    expect(client.received).toHaveLength(1);
    client.ack();
    expect(client.received).toHaveLength(2);
    client.ack();
    expect(client.received).toHaveLength(2);
    expect(client.has('endpoints').get('c')).toBe('c=99');
  });

  it('never sends rejected content again until it changes, however often anything else does', () => {
    const { cache, client } = setup();
    cache.replace('x', [entry('cluster', 'bad', '1'), entry('cluster', 'good', '1')]);
    client.subscribe('cluster', []);
    client.nack('resource "bad" is not valid');
    for (let count = 2; count < 50; count++) {
      cache.replace('x', [entry('cluster', 'bad', '1'), entry('cluster', 'good', String(count))]);
      expect([...client.inbox[0]!.resources.keys()]).toEqual(['good']);
      client.ack();
    }
    expect(client.stream.types.get('cluster')?.nacked?.get('bad')?.error).toBe('resource "bad" is not valid');
    cache.replace('x', [entry('cluster', 'bad', '2'), entry('cluster', 'good', '49')]);
    expect(client.inbox[0]!.resources.get('bad')).toBe('bad=2');
    client.ack();
    expect(client.stream.types.get('cluster')?.nacked).toBeUndefined();
  });

  it('keeps what was accepted before in place of what is rejected', () => {
    const { cache, client } = setup();
    cache.replace('x', [entry('cluster', 'a', '1'), entry('cluster', 'b', '1')]);
    client.subscribe('cluster', []);
    client.ack();
    cache.replace('x', [entry('cluster', 'a', '2'), entry('cluster', 'b', '1')]);
    client.nack('bad');
    cache.replace('x', [entry('cluster', 'a', '2'), entry('cluster', 'b', '2')]);
    expect(client.inbox[0]!.resources.get('a')).toBe(variant === 'sotw' ? 'a=1' : undefined);
    ackAll(client);
    expect([...client.has('cluster').values()]).toEqual(['a=1', 'b=2']);
    // Back to what it has: nothing to say.
    cache.replace('x', [entry('cluster', 'a', '1'), entry('cluster', 'b', '2')]);
    expect(inbox(client)).toEqual([]);
  });

  it('does not count acknowledgements as requests, however fast updates come', () => {
    const { cache, client } = setup({ limits: { requestsPerSecond: 1, requestBurst: 3 } });
    cache.replace('x', [entry('cluster', 'c', 'first')]);
    client.subscribe('cluster', ['c']);
    ackAll(client);
    for (let version = 0; version < 50; version++) {
      cache.replace('x', [entry('cluster', 'c', String(version))]);
      expect(ackAll(client)).toEqual(['cluster: c']);
    }
  });

  it('refuses a type that it does not serve, too many names, names that are too long, and too many requests', () => {
    const { client } = setup({ types: ['cluster'], limits: { names: 3, requestBurst: 8 } });
    const request = (typeUrl: string, names: string[] = []) => {
      const { stream } = client;
      const common = { typeUrl, responseNonce: '', errorDetail: undefined };
      if ('patch' in stream) throw new Error('unreachable');
      return variant === 'sotw'
        ? (stream as unknown as { onRequest(r: object): unknown }).onRequest({
            ...common,
            resourceNames: names,
          })
        : (stream as unknown as { onRequest(r: object): unknown }).onRequest({
            ...common,
            resourceNamesSubscribe: names,
            resourceNamesUnsubscribe: [],
            initialResourceVersions: {},
          });
    };
    expect(() => request('type.googleapis.com/x.Y')).toThrow('does not serve "type.googleapis.com/x.Y"');
    expect(() => request(typeUrlOf('listener'))).toThrow('does not serve');
    expect(() => request(typeUrlOf('cluster'), ['a', 'b', 'c', 'd'])).toThrow('at most 3');
    expect(() => request(typeUrlOf('cluster'), ['a'.repeat(1025)])).toThrow('more than 1024 characters');
    expect(() => {
      for (let count = 0; count < 10; count++) request(typeUrlOf('cluster'));
    }).toThrow('more than 100 requests a second');
  });

  it('gives the same version to the same content, in another process too', () => {
    const versions = [1, 2].map(() => {
      const { cache, client } = setup();
      cache.replace('x', [entry('listener', 'a'), entry('listener', 'b')]);
      client.subscribe('listener', []);
      return client.received[0]?.version;
    });
    expect(versions).toEqual(['8c7db514756402fa', '8c7db514756402fa']); // whichever process computes it
  });
});

describe('a sotw stream', () => {
  it('tells of a removed listener by leaving it out; endpoints go without a word', () => {
    const cache = new ResourceCache();
    const client = modelClient('sotw', cache);
    cache.replace('a', [entry('listener', 'a'), entry('endpoints', 'a')]);
    cache.replace('b', [entry('listener', 'b'), entry('endpoints', 'b')]);
    client.subscribe('endpoints', ['a', 'b']);
    client.subscribe('listener', ['a', 'b']);
    ackAll(client);
    cache.replace('b', []);
    expect(inbox(client)).toEqual(['listener: a']);
    ackAll(client);
    cache.replace('b', [entry('listener', 'b'), entry('endpoints', 'b')]);
    expect(ackAll(client)).toEqual(['endpoints: b', 'listener: a b']);
  });

  it('ignores a request that answers an older response', () => {
    const cache = new ResourceCache();
    cache.replace('x', [entry('listener', 'l')]);
    const client = modelClient('sotw', cache);
    client.subscribe('listener', ['l']);
    client.subscribe('listener', []); // its nonce is that of before the response
    expect([...client.stream.types.get('listener')!.subscription.names]).toEqual(['l']);
  });

  // grpc-js-xds 1.10: grpc/grpc-node#2875
  it.each(['listener', 'endpoints'] as const)(
    'begins anew with a client that has forgotten a type without a word: %s',
    (type) => {
      const cache = new ResourceCache();
      cache.replace('x', [entry(type, 'a'), entry(type, 'b')]);
      const client = modelClient('sotw', cache);
      client.subscribe(type, ['a']);
      client.ack();
      client.forget(type);
      client.subscribe(type, ['b']);
      expect(ackAll(client)).toEqual([`${type}: b`]);
      client.forget(type);
      client.subscribe(type, ['b']); // what it had
      expect(ackAll(client)).toEqual([`${type}: b`]);
      client.subscribe(type, ['b', 'a']);
      client.inbox.pop(); // a response that it will not answer
      client.forget(type);
      client.subscribe(type, ['a']);
      expect(inbox(client)).toEqual([`${type}: a`]);
      client.nack('no');
      client.forget(type);
      client.subscribe(type, ['b']);
      expect(ackAll(client)).toEqual([`${type}: b`]);
    },
  );
});

describe('a delta stream', () => {
  it('tells at once that a resource does not exist, and later that it is gone', () => {
    const cache = new ResourceCache();
    const client = modelClient('delta', cache);
    client.subscribe('endpoints', ['c']);
    expect(inbox(client)).toEqual(['endpoints: , less c']);
    client.ack();
    cache.replace('x', [entry('endpoints', 'c')]);
    ackAll(client);
    cache.replace('x', []);
    expect(inbox(client)).toEqual(['endpoints: , less c']);
  });

  it('sends only the difference to a client that reconnects', () => {
    const cache = new ResourceCache();
    cache.replace(
      'x',
      ['a', 'b', 'c'].map((name) => entry('cluster', name, '1')),
    );
    const before = modelClient('delta', cache);
    before.subscribe('cluster', []);
    before.ack();
    cache.replace('x', [entry('cluster', 'a', '1'), entry('cluster', 'b', '2')]);
    const again = modelClient('delta', cache, { had: new Map([['cluster', before.has('cluster')]]) });
    again.subscribe('cluster', []);
    expect(inbox(again)).toEqual(['cluster: b, less c']);
  });

  it('sends again what is dropped by name but still wanted by *', () => {
    const cache = new ResourceCache();
    cache.replace('x', [entry('cluster', 'a'), entry('cluster', 'b')]);
    const client = modelClient('delta', cache);
    client.subscribe('cluster', ['*', 'a']);
    ackAll(client);
    client.subscribe('cluster', ['*']);
    expect(inbox(client)).toEqual(['cluster: a']);
  });
});
