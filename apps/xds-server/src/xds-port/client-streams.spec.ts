import type { ServerCall } from '@evenly/grpc-server';
import { MemoryBudget } from '@evenly/http2';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { DeltaDiscoveryRequest, DiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import {
  type DeltaStream,
  resource,
  ResourceCache,
  sendOrder,
  type SotwStream,
  typeUrlOf,
} from '@evenly/xds';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMetrics } from '../metrics.ts';
import { ClientStreams } from './client-streams.ts';

const empty = DiscoveryRequest.decode(new Uint8Array(0));

/** The part of a call that streams use. */
function fakeCall(budget?: MemoryBudget) {
  const call = {
    peer: { address: '192.0.2.7:1', memory: budget?.share('192.0.2.7') },
    sent: 0,
    faults: [] as unknown[],
    ended: [] as unknown[],
    sendPrefixed: () => void call.sent++,
    flush: () => undefined,
    fail: (error: unknown) => call.faults.push(error),
    end: (...status: unknown[]) => call.ended.push(status),
  };
  return call;
}

const running: ClientStreams[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const streams of running.splice(0)) streams.stop();
});

function setup(onSharedNodeId?: (...said: string[]) => void) {
  const cache = new ResourceCache();
  const streams = new ClientStreams(cache, {
    metrics: createMetrics(new Registry()),
    maxStreams: 100,
    coalesceMs: 0,
    firstRequestMs: 10_000,
    ...(onSharedNodeId && { onSharedNodeId }),
  });
  running.push(streams);
  const add = (call: ReturnType<typeof fakeCall>, ...names: string[]) => {
    const { client, close } = streams.add({
      variant: 'sotw',
      types: sendOrder,
      call: call as unknown as ServerCall,
    });
    const subscribe = (...resourceNames: string[]) =>
      (client.stream as SotwStream).onRequest({ ...empty, typeUrl: typeUrlOf('endpoints'), resourceNames });
    const subscribeAs = (id: string, ...resourceNames: string[]) => {
      const node = { ...Node.decode(new Uint8Array(0)), id };
      const request = { ...empty, node, typeUrl: typeUrlOf('endpoints'), resourceNames };
      (client.stream as SotwStream).onRequest(request);
    };
    if (names.length > 0) subscribe(...names);
    return { client, close, subscribe, subscribeAs };
  };
  const put = (name: string, content: string) =>
    cache.replace(name, [resource('endpoints', name, Buffer.from(content))]);
  return { cache, streams, add, put };
}

describe('a change of the cache', () => {
  it('reaches all who asked, though one of their streams throws; that one is ended, for this fault', () => {
    const { add, put } = setup();
    const calls = [fakeCall(), fakeCall(), fakeCall()];
    const fault = new Error('broken');
    for (const call of calls) add(call, 'a');
    calls[1]!.sendPrefixed = () => {
      throw fault;
    };
    put('a', '1');
    expect(calls.map(({ sent }) => sent)).toEqual([1, 0, 1]);
    expect(calls.map(({ faults }) => faults)).toEqual([[], [fault], []]);
  });

  it('is not even shown to those who did not ask', () => {
    const { add, put } = setup();
    const [asked, other] = [add(fakeCall(), 'a'), add(fakeCall(), 'b')];
    const told = [asked, other].map(({ client }) => vi.spyOn(client.stream, 'onCacheChange'));
    put('a', '1');
    expect(told.map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
    asked.close();
    put('a', '2');
    expect(told.map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
  });
});

describe('a client that comes back by delta', () => {
  it('is told of changes of what it has from before', async () => {
    const { streams, put } = setup();
    put('a', '1');
    const call = fakeCall();
    const { client } = streams.add({
      variant: 'delta',
      types: sendOrder,
      call: call as unknown as ServerCall,
    });
    const version = resource('endpoints', 'a', Buffer.from('1')).version;
    (client.stream as DeltaStream).onRequest({
      ...DeltaDiscoveryRequest.decode(new Uint8Array(0)),
      typeUrl: typeUrlOf('endpoints'),
      resourceNamesSubscribe: ['a'],
      initialResourceVersions: { a: version },
    });
    expect(call.sent).toBe(0);
    put('a', '2');
    await expect.poll(() => call.sent).toBe(1);
  });
});

describe('a stream that asks for nothing', () => {
  it('is ended after the first request is due, others are not', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const { add } = setup();
    const [silent, asking, empty] = [fakeCall(), fakeCall(), fakeCall()];
    add(silent);
    add(asking, 'a');
    add(empty).subscribe();
    vi.advanceTimersByTime(9000);
    expect(silent.ended).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(silent.ended[0]).toEqual([4, 'nothing was asked for within 10000 ms']);
    expect(empty.ended[0]).toEqual(silent.ended[0]);
    expect(asking.ended).toEqual([]);
  });
});

describe('names of subscriptions', () => {
  it('are held in the share of the connection, and given back when they are dropped or the stream ends', () => {
    const { add } = setup();
    const budget = new MemoryBudget(1_000_000);
    const { subscribe, close } = add(fakeCall(budget), 'a'.repeat(100), 'b'.repeat(100));
    expect(budget.usedBytes).toBe(2 * (100 + 256));
    // The answer to nothing: the nonce stays empty while nothing was sent.
    subscribe('a'.repeat(100));
    expect(budget.usedBytes).toBe(100 + 256);
    close();
    expect(budget.usedBytes).toBe(0);
  });

  it('are refused to one who holds more than is free', () => {
    const { add } = setup();
    const budget = new MemoryBudget(100_000);
    const names = (of: string) => Array.from({ length: 100 }, (_, index) => `${of}${index}`.padEnd(300, 'x'));
    const [first, second] = [add(fakeCall(budget)), add(fakeCall(budget))];
    first.subscribe(...names('a').slice(0, 80));
    expect(() => first.subscribe(...names('a'))).toThrow('short of memory');
    first.close();
    second.subscribe(...names('b').slice(0, 80));
    expect(budget.usedBytes).toBe(80 * (300 + 256));
  });
});

describe('a node id', () => {
  it('that another address uses too is told; the same address, and one that has left, are not', () => {
    const shared: string[][] = [];
    const { add } = setup((...said) => shared.push(said));
    const at = (address: string, id: string) => {
      const call = fakeCall();
      call.peer.address = address;
      const added = add(call);
      added.subscribeAs(id, 'x');
      return added;
    };
    at('192.0.2.1:1', 'a');
    at('192.0.2.1:2', 'a');
    at('192.0.2.2:1', 'b');
    expect(shared).toEqual([]);
    const { close } = at('[2001:db8::1]:1', 'b');
    expect(shared).toEqual([['b', '2001:db8::1', '192.0.2.2']]);
    close();
    at('192.0.2.2:2', 'b');
    expect(shared).toHaveLength(1);
  });
});
