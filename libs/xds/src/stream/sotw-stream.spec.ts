import { endpointSet } from '@evenly/discovery';
import type { DiscoveryRequest, DiscoveryResponse } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { describe, expect, it } from 'vitest';
import { resource, type Resource } from '../resource.ts';
import { ResourceCache } from '../resource-cache.ts';
import { codecs, typeOfUrl, typeUrlOf, type ResourceType } from '../resource-type.ts';
import { endpointResource, routingResources } from '../resources/service-resources.ts';
import { SotwStream } from './sotw-stream.ts';

const be1 = { name: 'be1-srv', region: 'r', zone: 'z' };
const be2 = { ...be1, name: 'be2-srv' };
const pods = (...ports: number[]) =>
  endpointSet(ports.map((port) => ({ address: '127.0.0.1', port, state: 'ready' as const })));
const service = (of: typeof be1, ...ports: number[]) => [
  ...routingResources(of),
  endpointResource(of, pods(...ports)),
];
const text = (type: ResourceType, name: string, content: string): Resource =>
  resource(type, name, Buffer.from(content));

/** A client of one stream: what it was sent, and ways to answer. */
function client(cache: ResourceCache) {
  const sent: DiscoveryResponse[] = [];
  const stream = new SotwStream(cache, (response) => sent.push(response));
  const nonces = new Map<ResourceType, string>();
  const request = (type: ResourceType, resourceNames: string[], more: Partial<DiscoveryRequest> = {}) =>
    stream.onRequest({
      versionInfo: '',
      resourceNames,
      resourceLocators: [],
      typeUrl: typeUrlOf(type),
      responseNonce: nonces.get(type) ?? '',
      ...more,
    });
  cache.onChange((changed) => stream.onCacheChange(changed));
  /** What came since the last call: `cluster: a, b`. */
  const received = () =>
    sent.splice(0).map((response) => {
      const type = typeOfUrl(response.typeUrl)!;
      nonces.set(type, response.nonce);
      return `${type}: ${response.resources.map(({ value }) => nameOf(type, value)).join(', ')}`;
    });
  return { stream, request, received };
}

function nameOf(type: ResourceType, value: Uint8Array): string {
  if (value.length < 4) return value.toString();
  const decoded = codecs[type].decode(value);
  return 'clusterName' in decoded ? decoded.clusterName : decoded.name;
}

describe('a state-of-the-world stream', () => {
  it("serves a gRPC client's walk: listener, route, cluster, endpoints, each acknowledged without an echo", () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1, 2));
    const { request, received } = client(cache);
    const walk: [ResourceType, string][] = [
      ['listener', 'be1-srv'],
      ['route', 'be1-srv-route'],
      ['cluster', 'be1-srv-cluster'],
      ['endpoints', 'be1-srv-cluster'],
    ];
    for (const [type, name] of walk) {
      expect(request(type, [name])).toBe('subscribe');
      expect(received()).toEqual([`${type}: ${name}`]);
      expect(request(type, [name])).toBe('ack');
      expect(received()).toEqual([]);
    }
  });

  it('sends nothing when nothing changed, and only the endpoints when only they changed', () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1));
    const { request, received } = client(cache);
    for (const type of ['cluster', 'endpoints'] as const) {
      request(type, ['be1-srv-cluster']);
      received();
      request(type, ['be1-srv-cluster']);
    }
    cache.replace('be1', service(be1, 1));
    expect(received()).toEqual([]);
    cache.replace('be1', service(be1, 1, 2));
    expect(received()).toEqual(['endpoints: be1-srv-cluster']);
  });

  it('serves two services at once; a second subscription brings the whole set of listeners, but one route', () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1));
    cache.replace('be2', service(be2, 2));
    const { request, received } = client(cache);
    request('listener', ['be1-srv']);
    request('route', ['be1-srv-route']);
    received();
    request('listener', ['be1-srv', 'be2-srv']);
    request('route', ['be1-srv-route', 'be2-srv-route']);
    expect(received()).toEqual(['listener: be1-srv, be2-srv', 'route: be2-srv-route']);
  });

  it('sends a resource that appears after it was asked for', () => {
    const cache = new ResourceCache();
    const { request, received } = client(cache);
    request('listener', ['be1-srv']);
    request('endpoints', ['be1-srv-cluster']);
    expect(received()).toEqual(['listener: ']);
    request('listener', ['be1-srv']);
    cache.replace('be1', service(be1, 1));
    expect(received()).toEqual(['endpoints: be1-srv-cluster', 'listener: be1-srv']);
  });

  it('tells of a removed listener by leaving it out; endpoints go without a word', () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1));
    cache.replace('be2', service(be2, 2));
    const { request, received } = client(cache);
    for (const type of ['listener', 'endpoints'] as const) {
      const names = type === 'listener' ? ['be1-srv', 'be2-srv'] : ['be1-srv-cluster', 'be2-srv-cluster'];
      request(type, names);
      received();
      request(type, names);
    }
    cache.replace('be2', []);
    expect(received()).toEqual(['listener: be1-srv']);
  });

  it('sends again what was unsubscribed and is asked for once more, though unchanged', () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1));
    const { request, received } = client(cache);
    request('endpoints', ['be1-srv-cluster']);
    received();
    request('endpoints', []);
    cache.replace('be1', service(be1, 1, 2));
    expect(received()).toEqual([]);
    request('endpoints', ['be1-srv-cluster']);
    expect(received()).toEqual(['endpoints: be1-srv-cluster']);
  });

  it('takes no names for everything, until names were given once; * is everything explicitly', () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1));
    cache.replace('be2', service(be2, 2));
    const { request, received, stream } = client(cache);
    request('cluster', []);
    expect(received()).toEqual(['cluster: be1-srv-cluster, be2-srv-cluster']);
    request('cluster', ['be1-srv-cluster']);
    expect(received()).toEqual(['cluster: be1-srv-cluster']);
    request('cluster', []);
    expect(stream.status.cluster?.subscribed).toEqual([]);
    request('cluster', ['*', 'be3-srv-cluster']);
    expect(received()).toEqual(['cluster: be1-srv-cluster, be2-srv-cluster']);
    expect(stream.status.cluster?.subscribed).toEqual(['*', 'be3-srv-cluster']);
  });

  it('no names in a first request for routes or endpoints asks for nothing', () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1));
    const { request, received } = client(cache);
    request('endpoints', []);
    expect(received()).toEqual([]);
  });

  it('sends one response at a time: a client that does not answer skips the versions between', () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1));
    const { request, received, stream } = client(cache);
    request('endpoints', ['be1-srv-cluster']);
    expect(received()).toHaveLength(1);
    for (let port = 2; port < 100; port++) cache.replace('be1', service(be1, port));
    expect(received()).toEqual([]);
    request('endpoints', ['be1-srv-cluster']);
    expect(received()).toHaveLength(1);
    request('endpoints', ['be1-srv-cluster']);
    expect(received()).toEqual([]);
    expect(stream.status.endpoints?.ackedVersion).toBe(stream.status.endpoints?.sentVersion);
  });

  it('never sends rejected content again until it changes, and keeps the words of the client', () => {
    const cache = new ResourceCache();
    cache.replace('x', [text('cluster', 'a', 'bad')]);
    const { request, received, stream } = client(cache);
    request('cluster', ['a']);
    received();
    const errorDetail = { code: 3, message: 'no such policy', details: [] };
    expect(request('cluster', ['a'], { errorDetail })).toBe('nack');
    cache.replace('x', [text('cluster', 'a', 'bad')]);
    expect(received()).toEqual([]);
    expect(stream.status.cluster?.nack?.error).toBe('no such policy');
    expect(stream.status.cluster?.ackedVersion).toBeUndefined();

    cache.replace('x', [text('cluster', 'a', 'ok')]);
    expect(received()).toHaveLength(1);
    expect(request('cluster', ['a'])).toBe('ack');
    expect(stream.status.cluster?.nack).toBeUndefined();
  });

  it('ignores a request that answers an older response', () => {
    const cache = new ResourceCache();
    cache.replace('be1', service(be1, 1));
    const { request, received, stream } = client(cache);
    request('listener', ['be1-srv']);
    received();
    expect(request('listener', [], { responseNonce: 'old' })).toBe('stale');
    expect(stream.status.listener?.subscribed).toEqual(['be1-srv']);
  });

  it('refuses a type that it does not serve, and too many names', () => {
    const { request } = client(new ResourceCache());
    expect(() => request('listener', [], { typeUrl: 'type.googleapis.com/x.Y' })).toThrow('does not serve');
    expect(() => request('listener', Array<string>(10_001).fill('x'))).toThrow('at most 10000');
  });

  it('gives the same version to the same content, in another process too', () => {
    const versions = [1, 2].map(() => {
      const cache = new ResourceCache();
      cache.replace('be1', service(be1, 1, 2));
      const { request, stream } = client(cache);
      request('endpoints', ['be1-srv-cluster']);
      return stream.status.endpoints?.sentVersion;
    });
    expect(versions[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(versions[0]).toBe(versions[1]);
  });
});
