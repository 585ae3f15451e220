import { afterEach, beforeEach, expect, it } from 'vitest';
import { collector, type Span } from '@evenly/service/testing';
import { servingPod, svcConfig, xdsServerProcess } from '../testing/harness.ts';

let traces: Awaited<ReturnType<typeof collector>>;
let pods: Awaited<ReturnType<typeof servingPod>>[];
let server: Awaited<ReturnType<typeof xdsServerProcess>>;
beforeEach(async () => {
  traces = await collector();
  pods = await Promise.all([servingPod(), servingPod()]);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
  server = await xdsServerProcess(svcConfig('be1-srv'), [], env);
  await server.started();
});
afterEach(async () => {
  await server.stop();
  for (const pod of pods) pod.stop();
  traces.close();
});

/** What came of the newest change: `push endpoints to good: ack`. */
const acknowledgementsOf = (root: Span | undefined) =>
  (root === undefined ? [] : traces.childrenOf(root))
    .filter(({ name }) => name === 'push')
    .map((push) => {
      const [ack] = traces.childrenOf(push);
      const to = `${traces.attribute(push, 'xds.type')} to ${traces.attribute(push, 'xds.node.id')}`;
      return `${to}: ${ack && (traces.attribute(ack, 'xds.said') ?? ack.status.message)}`;
    })
    .sort();

const sourceChange = (endpoints: number) =>
  traces.spans.find(
    (span) => span.name === 'source change' && traces.attribute(span, 'endpoints') === endpoints,
  );

it('follows a change from its source to the answers of all clients, in one trace', async () => {
  server.publish('be1-srv', pods[0]!.port);
  const good = server.client({ id: 'good' });
  const picky = server.client({
    id: 'picky',
    answer: () => (good.ports('be1-srv-cluster')!.length > 1 ? new Error('no') : 'ack'),
  });
  const leaving = server.client({
    id: 'leaving',
    answer: () => (good.ports('be1-srv-cluster')!.length > 1 ? undefined : 'ack'),
  });
  good.subscribe('endpoints', 'be1-srv-cluster');
  await expect.poll(() => good.ports('be1-srv-cluster')).toHaveLength(1);
  for (const client of [picky, leaving]) {
    client.subscribe('endpoints', 'be1-srv-cluster');
    await expect.poll(() => client.ports('be1-srv-cluster')).toHaveLength(1);
  }
  const other = server.client({ id: 'other' });
  other.subscribe('listener', 'be1-srv');
  await expect.poll(() => other.resources('listener')).toBe(1);

  server.publish('be1-srv', ...pods.map(({ port }) => port));
  await expect.poll(() => leaving.ports('be1-srv-cluster')).toHaveLength(2);
  leaving.close();
  await expect
    .poll(() => acknowledgementsOf(sourceChange(2)))
    .toEqual([
      'endpoints to good: ack',
      'endpoints to leaving: the stream ended before the client answered',
      'endpoints to picky: nack',
    ]);
  const root = sourceChange(2)!;
  expect(traces.attribute(root, 'service')).toBe('be1-srv');
  expect(traces.childrenOf(root).filter(({ name }) => name === 'build resources')).toHaveLength(1);
  expect(new Set([root, ...traces.childrenOf(root)].map(({ traceId }) => traceId)).size).toBe(1);
  for (const client of [good, picky, other]) client.close();
});

it('tells a change of the config, which is followed type by type', async () => {
  const client = server.client({ id: 'walker' });
  client.subscribe('cluster');
  await expect.poll(() => client.resources('cluster')).toBe(1);
  client.subscribe('listener');
  await expect.poll(() => client.resources('listener')).toBe(1);
  await server.rewriteConfig(svcConfig('be1-srv', 'be2-srv'));
  const changed = () =>
    traces.spans.find((span) => span.name === 'config change' && traces.attribute(span, 'services') === 2);
  await expect
    .poll(() => acknowledgementsOf(changed()))
    .toEqual(['cluster to walker: ack', 'listener to walker: ack']);
  client.close();
});

it('makes spans for some of many clients only', async () => {
  server.publish('be1-srv', pods[0]!.port);
  const clients = Array.from({ length: 60 }, (_, index) => server.client({ id: `client-${index}` }));
  for (const client of clients) client.subscribe('endpoints', 'be1-srv-cluster');
  for (const client of clients) await expect.poll(() => client.ports('be1-srv-cluster')).toHaveLength(1);
  server.publish('be1-srv', ...pods.map(({ port }) => port));
  for (const client of clients) await expect.poll(() => client.ports('be1-srv-cluster')).toHaveLength(2);
  await expect.poll(() => acknowledgementsOf(sourceChange(2))).toHaveLength(50);
  for (const client of clients) client.close();
});
