import type { ServerCertificate } from '@evenly/mesh-config';
import { DataSource } from '@evenly/proto/envoy/config/core/v3/base';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import {
  CommonTlsContext,
  DownstreamTlsContext,
} from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import { describe, expect, it } from 'vitest';
import { anonymousNode } from '../node.ts';
import { resource, type Resource } from '../resource.ts';
import { ResourceCache } from '../resource-cache.ts';
import { message } from '../resources/message.ts';
import { routingResources } from '../resources/routing.ts';
import { withoutKeys } from '../resources/without-keys.ts';
import { linkedClient, settled } from '../testing/client-link.ts';
import { mesh, meshListener } from '../testing/mesh.ts';
import { serveRouting } from '../testing/served-routing.ts';

/* Certificates by server name, from our server to our client. No need of real ones: nobody looks into them here. */

const certificate = (...serverNames: string[]): ServerCertificate => ({
  serverNames,
  cert: `certificate of ${serverNames.join()}`,
  key: `secret of ${serverNames.join()}`,
});
const all = [certificate('a.example', 'b.example'), certificate('*.example'), certificate('*')];

const configWith = (certificates: readonly ServerCertificate[], http1 = false) =>
  mesh([], {
    listeners: [
      meshListener({ name: 'in', address: '0.0.0.0', port: 443, virtualHosts: [], http1, certificates }),
    ],
  });

function servedTo(kind: 'proxy' | 'envoy', certificates: readonly ServerCertificate[], http1 = false) {
  return serveRouting(configWith(certificates, http1), kind).get('listener', 'in');
}

/** What the client makes of it, or why it refuses it. */
async function read(
  certificates: readonly ServerCertificate[],
  change: (listener: Listener) => void = () => {},
) {
  const cache = new ResourceCache();
  cache.replace('routing', routingResources(configWith(certificates)));
  const resources: Resource[] = (['listener', 'route'] as const)
    .flatMap((type) => cache.all(type, { ...anonymousNode, kind: 'proxy' }))
    .map((item) => {
      if (item.type !== 'listener') return item;
      const listener = Listener.decode(item.encoded);
      change(listener);
      return resource('listener', item.name, Listener.encode(listener).finish(), item.refs);
    });
  const changed = new ResourceCache();
  changed.replace('all', resources);
  const link = linkedClient('delta');
  link.connect(changed);
  await settled();
  const errors = link.answers.flatMap(({ error }) => error ?? []);
  return { errors, certificates: link.configs.at(-1)?.listeners[0]?.certificates };
}

function changeTls(listener: Listener, change: (context: DownstreamTlsContext) => void): void {
  const packed = listener.filterChains[0]!.transportSocket!.configType;
  if (packed?.$case !== 'typedConfig') throw new Error('no typed config');
  const context = DownstreamTlsContext.decode(packed.value.value);
  change(context);
  packed.value.value = Buffer.from(DownstreamTlsContext.encode(context).finish());
}
const firstMatch = (listener: Listener) => listener.filterChains[0]!.filterChainMatch!;

describe('certificates by server name', () => {
  it('are what the server has, in order', async () => {
    expect(await read(all)).toEqual({ errors: [], certificates: all });
  });

  it.each(['proxy', 'envoy'] as const)('each chain has TLS, told apart by name, for a %s', (kind) => {
    const listener = servedTo(kind, all, true)!;
    expect(listener.listenerFilters.map(({ name }) => name)).toEqual([
      'envoy.filters.listener.tls_inspector',
    ]);
    expect(listener.filterChains.map(({ filterChainMatch }) => filterChainMatch?.serverNames)).toEqual([
      ['a.example', 'b.example'],
      ['*.example'],
      undefined,
    ]);
    for (const { transportSocket } of listener.filterChains) {
      const packed = transportSocket!.configType;
      if (packed?.$case !== 'typedConfig') throw new Error('no typed config');
      const { commonTlsContext } = DownstreamTlsContext.decode(packed.value.value);
      expect(commonTlsContext!.alpnProtocols).toEqual(['h2', 'http/1.1']);
      expect(commonTlsContext!.tlsCertificates).toHaveLength(1);
    }
  });

  it('of a name that several have, the first is sent; with no certificate at all, no listener', () => {
    const chains = servedTo('envoy', [
      certificate('a', '*'),
      certificate('a', 'b'),
      certificate('*'),
    ])!.filterChains;
    expect(chains.map(({ filterChainMatch }) => filterChainMatch?.serverNames)).toEqual([
      ['a'],
      undefined,
      ['b'],
    ]);
    expect(servedTo('envoy', [])).toBeUndefined();
    expect(servedTo('proxy', [])).toBeUndefined();
  });

  it('a chain for all others may be the default one, and text in bytes', async () => {
    const { errors, certificates } = await read(all, (one) => {
      one.defaultFilterChain = one.filterChains.pop();
      changeTls(one, ({ commonTlsContext }) => {
        const value = Buffer.from('in bytes');
        const [pair] = commonTlsContext!.tlsCertificates;
        pair!.privateKey = message(DataSource, { specifier: { $case: 'inlineBytes', value } });
      });
    });
    expect(errors).toEqual([]);
    expect(certificates).toEqual([{ ...all[0], key: 'in bytes' }, ...all.slice(1)]);
  });

  it.each<[string, (listener: Listener) => void]>([
    ['some without', (one) => void (one.filterChains[1]!.transportSocket = undefined)],
    ['some without', (one) => void (one.filterChains[2]!.transportSocket = undefined)],
    ['same HTTP connection manager', changeManager],
    ['same server name', (one) => void (firstMatch(one).serverNames = ['*.example'])],
    ['host names', (one) => void (firstMatch(one).serverNames = ['A.example'])],
    ['host names', (one) => void (firstMatch(one).serverNames = ['*'])],
    ['host names', (one) => void (firstMatch(one).serverNames = ['a*.example'])],
    ['host names', (one) => void (firstMatch(one).serverNames = ['x'.repeat(254)])],
    ['only server_names', (one) => void (firstMatch(one).applicationProtocols = ['h2'])],
    ['only server_names', (one) => void (firstMatch(one).transportProtocol = 'raw_buffer')],
    ['tls_inspector', (one) => void (one.listenerFilters[0]!.configType = undefined)],
    ['only tls_certificates', withTls((context) => void (context.requireClientCertificate = true))],
    [
      'exactly one certificate',
      withTls((context) => void (context.commonTlsContext = message(CommonTlsContext, {}))),
    ],
    ['exactly one certificate', withTls((context) => void (context.commonTlsContext = undefined))],
    [
      'private_key must be',
      withTls(({ commonTlsContext }) => void (commonTlsContext!.tlsCertificates[0]!.privateKey = undefined)),
    ],
    [
      'filter_chain_match is not supported without TLS',
      (one) => {
        one.filterChains = [{ ...one.filterChains[0]!, transportSocket: undefined }];
      },
    ],
    [
      'exactly one filter chain',
      (one) => {
        for (const chain of one.filterChains) chain.transportSocket = chain.filterChainMatch = undefined;
      },
    ],
    ['cannot be decoded', (one) => brokenTls(one)],
  ])('refused, and nothing of a key is said: %s', async (reason, change) => {
    const { errors, certificates } = await read(all, change);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(reason);
    expect(errors[0]).not.toContain('secret');
    expect(certificates).toBeUndefined();
  });

  it('people who ask what clients have see certificates, and no keys', () => {
    const cache = serveRouting(configWith(all), 'proxy').cache;
    const sent = cache.get('listener', 'in', { ...anonymousNode, kind: 'proxy' })!;
    expect(Buffer.from(sent.encoded).toString('latin1')).toContain('secret of');
    const shown = Buffer.from(withoutKeys(sent)).toString('latin1');
    expect(shown).not.toContain('secret of');
    expect(shown).toContain('certificate of *.example');
    expect(Listener.decode(withoutKeys(sent)).filterChains).toHaveLength(3);
  });
});

function withTls(change: (context: DownstreamTlsContext) => void): (listener: Listener) => void {
  return (listener) => changeTls(listener, change);
}

function changeManager(listener: Listener): void {
  const chain = listener.filterChains[1]!;
  const { configType } = chain.filters[0]!;
  if (configType?.$case !== 'typedConfig') throw new Error('no typed config');
  const value = Buffer.concat([configType.value.value, configType.value.value]);
  chain.filters = [
    { ...chain.filters[0]!, configType: { $case: 'typedConfig', value: { ...configType.value, value } } },
  ];
}

function brokenTls(listener: Listener): void {
  const packed = listener.filterChains[0]!.transportSocket!.configType;
  if (packed?.$case === 'typedConfig') packed.value.value = packed.value.value.subarray(0, -3);
}
