import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { DeltaDiscoveryRequest, DiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { describe, expect, it } from 'vitest';
import { ResourceCache } from '../resource-cache.ts';
import { typeUrlOf } from '../resource-type.ts';
import { message } from '../resources/message.ts';
import { entry } from '../testing/entry.ts';
import { isPlainAck, type ExpectedAck } from './plain-ack.ts';
import { SotwStream } from './sotw-stream.ts';

const typeUrl = typeUrlOf('endpoints');
const expected: ExpectedAck = { typeUrl, version: 'v1', nonce: '00000007', names: ['a', 'b'] };
const node = message(Node, { id: 'x'.repeat(200) });
const error = { code: 3, message: 'no', details: [] };

const sotw = (change: Partial<DiscoveryRequest>) =>
  DiscoveryRequest.encode(
    message(DiscoveryRequest, {
      typeUrl,
      versionInfo: 'v1',
      responseNonce: '00000007',
      resourceNames: ['a', 'b'],
      ...change,
    }),
  ).finish();

describe('a plain ACK', () => {
  it.each<[string, boolean, Partial<DiscoveryRequest>]>([
    ['what was expected', true, {}],
    ['with a node, which is said each time', true, { node }],
    ['without a version', true, { versionInfo: '' }],
    ['another version', false, { versionInfo: 'v2' }],
    ['another nonce', false, { responseNonce: '00000006' }],
    ['no nonce', false, { responseNonce: '' }],
    ['another type', false, { typeUrl: typeUrlOf('cluster') }],
    ['no type', false, { typeUrl: '' }],
    ['a name less', false, { resourceNames: ['a'] }],
    ['a name more', false, { resourceNames: ['a', 'b', 'c'] }],
    ['another name', false, { resourceNames: ['a', 'B'] }],
    ['another order', false, { resourceNames: ['b', 'a'] }],
    ['a NACK', false, { errorDetail: error }],
    ['more than 16 KB', false, { node: message(Node, { id: 'x'.repeat(20_000) }) }],
  ])('state of the world, %s: %s', (_what, isPlain, change) => {
    expect(isPlainAck(sotw(change), 'sotw', expected)).toBe(isPlain);
  });

  it.each<[string, boolean, Partial<DeltaDiscoveryRequest>]>([
    ['what was expected', true, {}],
    ['a name more', false, { resourceNamesSubscribe: ['c'] }],
    ['a name less', false, { resourceNamesUnsubscribe: ['a'] }],
    ['what it brings', false, { initialResourceVersions: { a: 'v1' } }],
    ['a NACK', false, { errorDetail: error }],
    ['another nonce', false, { responseNonce: '00000006' }],
  ])('delta, %s: %s', (_what, isPlain, change) => {
    const request = message(DeltaDiscoveryRequest, { typeUrl, responseNonce: '00000007', node, ...change });
    expect(isPlainAck(DeltaDiscoveryRequest.encode(request).finish(), 'delta', expected)).toBe(isPlain);
  });

  it('that is cut off anywhere is none', () => {
    const whole = sotw({});
    for (let end = 0; end < whole.length; end++)
      expect(isPlainAck(whole.subarray(0, end), 'sotw', expected)).toBe(false);
  });

  it('is none before the client has said who it is, and counts against its budget', () => {
    const cache = new ResourceCache();
    cache.replace('x', [entry('endpoints', 'a')]);
    let nonce = '';
    const send = ({ message: sent }: { message: Buffer }) => (nonce = sent.subarray(-8).toString());
    const stream = new SotwStream({ cache, send, now: () => 0, limits: { requestBurst: 4 } });
    const request = message(DiscoveryRequest, { typeUrl, resourceNames: ['a'] });
    stream.onRequest(request);
    const ack = () =>
      stream.onPlainAck(sotw({ versionInfo: '', responseNonce: nonce, resourceNames: ['a'] }));
    expect(ack()).toBeUndefined();
    stream.onRequest({ ...request, node, responseNonce: nonce });
    cache.replace('x', [entry('endpoints', 'a', '2')]);
    stream.onCacheChange(['endpoints']);
    expect(ack()).toMatchObject({ said: 'ack', type: 'endpoints', nonce });
    expect(ack()).toBeUndefined(); // nothing is outstanding
    const again = () => {
      stream.resend('endpoints', ['a']);
      ack();
    };
    again();
    expect(() => Array.from({ length: 3 }, again)).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }),
    );
  });
});
