import { credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { Cluster } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import {
  ClientStatusDiscoveryServiceClient,
  ConfigStatus,
  type ClientStatusRequest,
  type ClientStatusResponse,
} from '@evenly/proto/envoy/service/status/v3/csds';
import type { NodeMatcher } from '@evenly/proto/envoy/type/matcher/v3/node';
import { typeOfUrl } from '@evenly/xds';
import { svcConfig, xdsServerProcess } from '../testing/harness.ts';

let running: Awaited<ReturnType<typeof xdsServerProcess>>;
let csds: ClientStatusDiscoveryServiceClient;
afterEach(async () => {
  csds.close();
  await running.stop();
});

async function start(...services: string[]) {
  running = await xdsServerProcess(svcConfig(...services));
  await running.started();
  csds = new ClientStatusDiscoveryServiceClient(
    `127.0.0.1:${running.xdsPort()}`,
    credentials.createInsecure(),
  );
}

const request = (nodeMatchers: NodeMatcher[] = [], excludeResourceContents = false): ClientStatusRequest => ({
  nodeMatchers,
  excludeResourceContents,
});

const fetchStatus = (what = request()): Promise<ClientStatusResponse> =>
  new Promise((resolve, reject) => {
    csds.fetchClientStatus(what, (error, response) => (error ? reject(error) : resolve(response)));
  });

type Pattern = NonNullable<NonNullable<NodeMatcher['nodeId']>['matchPattern']>;
const byId = (matchPattern: Pattern, ignoreCase = false): NodeMatcher => ({
  nodeId: { matchPattern, ignoreCase },
  nodeMetadatas: [],
});

const names = Object.fromEntries(Object.entries(ConfigStatus).map(([name, value]) => [value, name]));
/** `cluster be1-srv-cluster: SYNCED`, of the client with this id. */
const rowsOf = ({ config }: ClientStatusResponse, id: string) =>
  config
    .filter(({ node }) => node?.id === id)
    .flatMap(({ genericXdsConfigs }) => genericXdsConfigs)
    .map(({ typeUrl, name, configStatus }) => `${typeOfUrl(typeUrl)} ${name}: ${names[configStatus]}`);

describe('client status (CSDS)', () => {
  it('says what each client has: synced, rejected and why, not answered yet, not sent', async () => {
    const before = Date.now();
    await start('be1-srv');
    const good = running.client({ id: 'good' });
    good.subscribe('cluster', 'be1-srv-cluster');
    good.subscribe('listener', 'be1-srv', 'nowhere');
    const picky = running.client({ id: 'picky', answer: () => new Error('do not like it') });
    picky.subscribe('cluster', 'be1-srv-cluster');
    const silent = running.client({ id: 'silent', answer: () => undefined });
    silent.subscribe('cluster', 'be1-srv-cluster');
    silent.subscribe('listener', 'be1-srv');

    await expect
      .poll(async () => rowsOf(await fetchStatus(), 'good'))
      .toEqual(['cluster be1-srv-cluster: SYNCED', 'listener be1-srv: SYNCED', 'listener nowhere: NOT_SENT']);
    await expect
      .poll(async () => rowsOf(await fetchStatus(), 'picky'))
      .toEqual(['cluster be1-srv-cluster: ERROR']);
    await expect
      .poll(async () => rowsOf(await fetchStatus(), 'silent'))
      .toEqual(['cluster be1-srv-cluster: STALE', 'listener be1-srv: NOT_SENT']);

    const { config } = await fetchStatus();
    const clusterOf = (id: string) =>
      config
        .find(({ node }) => node?.id === id)!
        .genericXdsConfigs.find(({ typeUrl }) => typeOfUrl(typeUrl) === 'cluster')!;
    const synced = clusterOf('good');
    expect(Cluster.decode(synced.xdsConfig!.value).name).toBe('be1-srv-cluster');
    expect(synced.versionInfo).toMatch(/^[0-9a-f]{16}$/);
    expect(synced.errorState).toBeUndefined();
    expect(synced.lastUpdated!.getTime()).toBeGreaterThanOrEqual(before - 1);
    expect(synced.lastUpdated!.getTime()).toBeLessThanOrEqual(Date.now() + 1);
    expect(clusterOf('picky')).toMatchObject({
      versionInfo: synced.versionInfo,
      errorState: { details: 'do not like it', versionInfo: synced.versionInfo },
    });
    for (const client of [good, picky, silent]) client.close();
    await expect.poll(async () => (await fetchStatus()).config).toEqual([]);
  });

  it('answers for the nodes that are asked for, by unary call and stream', async () => {
    await start('be1-srv');
    const clients = ['shop-1', 'shop-2', 'bank-1'].map((id) => running.client({ id }));
    for (const client of clients) client.subscribe('cluster');
    for (const client of clients) await expect.poll(() => client.resources('cluster')).toBe(1);
    const idsFor = async (...matchers: NodeMatcher[]) =>
      (await fetchStatus(request(matchers))).config.map(({ node }) => node?.id).sort();
    expect(await idsFor()).toEqual(['bank-1', 'shop-1', 'shop-2']);
    expect(await idsFor(byId({ $case: 'exact', value: 'shop-1' }))).toEqual(['shop-1']);
    expect(await idsFor(byId({ $case: 'prefix', value: 'SHOP' }, true))).toEqual(['shop-1', 'shop-2']);
    expect(
      await idsFor(byId({ $case: 'suffix', value: '-1' }), byId({ $case: 'contains', value: 'p-2' })),
    ).toEqual(['bank-1', 'shop-1', 'shop-2']);
    expect(await idsFor(byId({ $case: 'exact', value: 'SHOP-1' }))).toEqual([]);

    const stream = csds.streamClientStatus();
    const answers: ClientStatusResponse[] = [];
    stream.on('data', (answer: ClientStatusResponse) => answers.push(answer));
    stream.write(request([byId({ $case: 'exact', value: 'bank-1' })], true));
    stream.write(request());
    await expect.poll(() => answers.length).toBe(2);
    expect(answers[0]!.config).toHaveLength(1);
    expect(answers[0]!.config[0]!.genericXdsConfigs[0]).toMatchObject({
      name: 'be1-srv-cluster',
      xdsConfig: undefined,
    });
    expect(answers[1]!.config).toHaveLength(3);
    const ended = new Promise((resolve) => stream.on('end', resolve));
    stream.end();
    await ended;
    for (const client of clients) client.close();
  });

  it.each<[string, NodeMatcher]>([
    ['a regular expression', byId({ $case: 'safeRegex', value: { regex: '(a+)+$', engineType: undefined } })],
    ['no pattern', { nodeId: { ignoreCase: false }, nodeMetadatas: [] }],
    ['metadata', { nodeMetadatas: [{ path: [], value: undefined }] }],
  ])('refuses a matcher with %s, and says what is served', async (_what, matcher) => {
    await start('be1-srv');
    await expect(fetchStatus(request([matcher]))).rejects.toMatchObject({ code: 3 });
    const stream = csds.streamClientStatus();
    const ended = new Promise((resolve) => stream.on('error', resolve));
    stream.write(request([matcher]));
    expect(await ended).toMatchObject({
      code: 3,
      details: expect.stringContaining('node_matcher') as string,
    });
  });

  it('refuses an answer that would be too large, and says how to ask for less', async () => {
    await start('be1-srv');
    const names = Array.from({ length: 9999 }, (_, index) => `listener-${index}`);
    const clients = ['a', 'b', 'c'].map((id) => running.client({ id }));
    for (const client of clients) client.subscribe('listener', ...names);
    for (const client of clients) await expect.poll(() => client.resources('listener')).toBe(0);
    await expect(fetchStatus()).rejects.toMatchObject({
      code: 8,
      details: expect.stringContaining('by node_matchers') as string,
    });
    expect((await fetchStatus(request([byId({ $case: 'exact', value: 'a' })]))).config).toHaveLength(1);
    for (const client of clients) client.close();
  });

  it('takes only so many streams, and ends them when the server stops', async () => {
    await start('be1-srv');
    const ends: unknown[] = [];
    const open = () => {
      const stream = csds.streamClientStatus();
      stream.on('error', (error: { code: number }) => ends.push(error.code)).on('data', () => undefined);
      stream.write(request());
    };
    for (let streams = 0; streams < 33; streams++) open();
    await expect.poll(() => ends).toEqual([8]);
    expect(await running.server.stop(5000)).toMatchObject({ code: 0 });
    expect(ends).toHaveLength(33);
  });
});
