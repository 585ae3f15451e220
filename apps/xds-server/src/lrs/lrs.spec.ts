import { credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { Cluster } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { ClusterStats, UpstreamLocalityStats } from '@evenly/proto/envoy/config/endpoint/v3/load_report';
import {
  LoadReportingServiceClient,
  type LoadStatsResponse,
} from '@evenly/proto/envoy/service/load_stats/v3/lrs';
import { svcConfig, xdsServerProcess } from '../testing/harness.ts';
import type { LoadStatus } from './load-reports.ts';

let running: Awaited<ReturnType<typeof xdsServerProcess>>;
const opened: LoadReportingServiceClient[] = [];
afterEach(async () => {
  for (const client of opened.splice(0)) client.close();
  await running.stop();
});

async function start(...args: string[]) {
  running = await xdsServerProcess(svcConfig('be1-srv'), args);
  await running.started();
}

/** A client that reports what it is told to. */
function reporter(id: string) {
  const client = new LoadReportingServiceClient(
    `127.0.0.1:${running.xdsPort()}`,
    credentials.createInsecure(),
  );
  opened.push(client);
  const stream = client.streamLoadStats();
  const answers: LoadStatsResponse[] = [];
  let ended: { code: number; details: string } | undefined;
  stream.on('data', (answer: LoadStatsResponse) => answers.push(answer));
  stream.on('error', (error: { code: number; details: string }) => (ended = error));
  stream.write({ node: { ...Node.decode(new Uint8Array(0)), id }, clusterStats: [] });
  const cluster = (name: string, zone: string, issued: number, failed: number, inProgress = 0) => ({
    ...ClusterStats.decode(new Uint8Array(0)),
    clusterName: name,
    totalDroppedRequests: 1n,
    upstreamLocalityStats: [
      {
        ...UpstreamLocalityStats.decode(new Uint8Array(0)),
        locality: { region: 'r', zone, subZone: '' },
        totalIssuedRequests: BigInt(issued),
        totalSuccessfulRequests: BigInt(issued - failed),
        totalErrorRequests: BigInt(failed),
        totalRequestsInProgress: BigInt(inProgress),
      },
    ],
  });
  return {
    answers,
    ended: () => ended,
    report: (...rows: Parameters<typeof cluster>[]) =>
      stream.write({ clusterStats: rows.map((row) => cluster(...row)) }),
    close: () => {
      stream.cancel();
      client.close();
    },
  };
}

const loads = async () => ((await running.status()) as { loads: LoadStatus }).loads;
const metrics = async () =>
  (await (await running.admin('/metrics')).text())
    .split('\n')
    .filter((line) => line.startsWith('evenly_load'));

describe('load reports (LRS)', () => {
  it('sums them up by cluster, locality and client, in the status and as metrics', async () => {
    await start('--load-interval', '1500ms');
    const [one, two] = [reporter('one'), reporter('two')];
    await expect
      .poll(() => one.answers)
      .toMatchObject([{ sendAllClusters: true, loadReportingInterval: { seconds: 1n, nanos: 500_000_000 } }]);
    one.report(['be1-srv-cluster', 'a', 10, 1, 3]);
    one.report(['be1-srv-cluster', 'a', 5, 0, 2], ['invented by <b>me</b>', 'a', 2, 0]);
    two.report(['be1-srv-cluster', 'a', 100, 0, 4]);
    const sum = { cluster: 'be1-srv-cluster', region: 'r', zone: 'a' };
    await expect
      .poll(async () => (await loads()).totals)
      .toMatchObject([
        { ...sum, issued: 115, succeeded: 114, failed: 1, inProgress: 6 },
        { cluster: 'be1-srv-cluster', zone: '', dropped: 3 },
        { cluster: '(other)', issued: 2, dropped: 1 },
      ]);
    const { clients } = await loads();
    expect(clients.map(({ node, loads }) => [node, loads[0]!.issued])).toEqual([
      ['one', 15],
      ['two', 100],
    ]);
    const at = 'cluster="be1-srv-cluster",region="r",zone="a",sub_zone=""';
    expect(await metrics()).toEqual(
      expect.arrayContaining([
        `evenly_load_calls_total{${at},result="succeeded"} 114`,
        `evenly_load_calls_total{${at},result="failed"} 1`,
        `evenly_load_calls_total{${at.replace('"r"', '""').replace('"a"', '""')},result="dropped"} 3`,
        `evenly_load_issued_calls_total{${at}} 115`,
        `evenly_load_calls_in_progress{${at}} 6`,
      ]),
    );
    expect((await metrics()).join()).not.toContain('invented');
  });

  it('forgets clients after the stated time, and keeps their calls in the totals', async () => {
    await start('--load-forget-after', '1s');
    const one = reporter('one');
    one.report(['be1-srv-cluster', 'a', 10, 0, 3]);
    await expect.poll(async () => (await loads()).clients.length).toBe(1);
    one.close();
    await expect.poll(async () => (await loads()).clients.length, { timeout: 10_000 }).toBe(0);
    expect((await loads()).totals[0]).toMatchObject({ issued: 10, inProgress: 0 });
  });

  it('ends the stream of a client that reports more than anyone can mean', async () => {
    await start();
    const one = reporter('one');
    one.report(
      ...Array.from({ length: 2001 }, (): [string, string, number, number] => ['be1-srv-cluster', 'a', 1, 0]),
    );
    await expect
      .poll(() => one.ended())
      .toMatchObject({
        code: 8,
        details: 'a load report with 2001 clusters; at most 2000 are taken',
      });
    const two = reporter('two');
    for (let report = 0; report < 30; report++) two.report();
    await expect.poll(() => two.ended()).toMatchObject({ code: 8 });
  });

  it('asks gRPC clients for reports in their clusters, unless that is off', async () => {
    const asks = async () => {
      const client = running.client();
      client.subscribe('cluster', 'be1-srv-cluster');
      await expect.poll(() => client.bodies('cluster')).toHaveLength(1);
      const { lrsServer } = Cluster.decode(client.bodies('cluster')![0]!);
      client.close();
      return lrsServer?.configSourceSpecifier?.$case;
    };
    await start();
    expect(await asks()).toBe('self');
    await running.stop();
    await start('--load-interval', '0');
    expect(await asks()).toBeUndefined();
    const one = reporter('one');
    await expect.poll(() => one.ended()?.code).toBe(12);
  });
});
