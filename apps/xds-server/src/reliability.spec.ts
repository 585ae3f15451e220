import { DeltaDiscoveryRequest, DiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { typeUrlOf } from '@evenly/xds';
import { afterEach, describe, expect, it } from 'vitest';
import { xdsServerProcess } from './testing/harness.ts';
import { sendRaw } from './testing/raw-streams.ts';

let running: Awaited<ReturnType<typeof xdsServerProcess>> | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const mesh = (...endpoints: string[]) =>
  `services: { be1-srv: { source: { static: { endpoints: ${JSON.stringify(endpoints)} } } } }`;

async function start(config: string) {
  running = await xdsServerProcess(config);
  await running.started();
  return running;
}

const encode = <T>(
  type: { decode(bytes: Uint8Array): T; encode(message: T): { finish(): Uint8Array } },
  fields: Partial<T>,
) => Buffer.from(type.encode({ ...type.decode(new Uint8Array(0)), ...fields }).finish());
const sotw = (fields: Partial<DiscoveryRequest>) => encode(DiscoveryRequest, fields);
const delta = (fields: Partial<DeltaDiscoveryRequest>) => encode(DeltaDiscoveryRequest, fields);

describe('malformed requests', () => {
  const cluster = typeUrlOf('cluster');
  const manyNames = Array.from({ length: 70_000 }, (_, index) => `name-${index}`);

  it.each([
    ['no protobuf', 'ads', [Buffer.from('ffffffffff', 'hex')], [13]],
    ['an empty message', 'ads', [Buffer.alloc(0)], [3]],
    ['an unknown type', 'ads', [sotw({ typeUrl: 'type.googleapis.com/no.Such' })], [3]],
    ['1 MB of names', 'ads', [sotw({ typeUrl: cluster, resourceNames: manyNames })], [3, 8]],
    ['1 MB of names', 'delta', [delta({ typeUrl: cluster, resourceNamesSubscribe: manyNames })], [3, 8]],
    ['more than the largest message', 'ads', [sotw({ typeUrl: 'x'.repeat(1_100_000) })], [8]],
    [
      'a name of 2 kB',
      'delta',
      [delta({ typeUrl: cluster, resourceNamesSubscribe: ['x'.repeat(2000)] })],
      [3],
    ],
    ['a flood', 'ads', Array<Buffer>(1500).fill(sotw({ typeUrl: cluster })), [8]],
  ] as const)('%s (%s) ends that stream with a clear status', async (_what, variant, messages, codes) => {
    const server = await start(mesh('10.0.0.1:1'));
    const other = server.client();
    other.subscribe('endpoints', 'be1-srv-cluster');
    await expect.poll(() => other.ports('be1-srv-cluster')).toEqual([1]);
    expect(codes).toContain(await sendRaw(server.xdsPort(), variant, messages));
    await server.rewriteConfig(mesh('10.0.0.1:2'));
    await expect.poll(() => other.ports('be1-srv-cluster')).toEqual([2]);
    await expect.poll(() => server.metric('evenly_xds_streams')).toBe(1);
    other.close();
  });

  it('an answer before any question, an ACK of nothing and a NACK of nothing are taken in stride', async () => {
    const server = await start(mesh('10.0.0.1:1'));
    const errorDetail = { code: 3, message: 'no', details: [] };
    const odd = [
      sotw({ typeUrl: cluster, responseNonce: '99', versionInfo: 'x' }),
      sotw({ typeUrl: typeUrlOf('route'), responseNonce: '7', errorDetail }),
      sotw({ typeUrl: typeUrlOf('endpoints'), resourceNames: ['', '*', '*', 'be1-srv-cluster'] }),
    ];
    expect(await sendRaw(server.xdsPort(), 'ads', odd)).toBe(0);
    const oddDelta = [
      delta({ typeUrl: cluster, resourceNamesUnsubscribe: ['never', '*'], responseNonce: '5' }),
      delta({ typeUrl: cluster, errorDetail, initialResourceVersions: { gone: '1' } }),
    ];
    expect(await sendRaw(server.xdsPort(), 'delta', oddDelta)).toBe(0);
    expect(server.server.exit).toBeUndefined();
  });
});

describe('a restart under 1000 clients', () => {
  it('shows nobody an older version, and takes no endpoint away', async () => {
    const server = await start(mesh('10.0.0.1:1', '10.0.0.2:1'));
    await server.rewriteConfig(mesh('10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'));
    const clients = Array.from({ length: 1000 }, () => server.client());
    for (const client of clients) client.subscribe('endpoints', 'be1-srv-cluster');
    await expect
      .poll(() => clients.every((client) => client.ports('be1-srv-cluster')?.length === 3))
      .toBe(true);
    const versions = new Set(clients.map((client) => client.version('endpoints')));
    expect(versions.size).toBe(1);

    await server.restart();
    await expect.poll(() => clients.every((client) => client.ended()?.code === 14)).toBe(true);
    const again = clients.map(() => server.client());
    for (const client of again) client.subscribe('endpoints', 'be1-srv-cluster');
    await expect.poll(() => again.every((client) => client.count() > 0)).toBe(true);
    expect(new Set(again.map((client) => client.version('endpoints')))).toEqual(versions);
    expect(again.every((client) => client.count() === 1)).toBe(true);
    for (const client of [...clients, ...again]) client.close();
  }, 60_000);
});
