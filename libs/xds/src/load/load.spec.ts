import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { ClusterStats, UpstreamLocalityStats } from '@evenly/proto/envoy/config/endpoint/v3/load_report';
import { message } from '../resources/message.ts';
import { defaultLoadLimits, type LoadLimits } from './load-limits.ts';
import { LoadStore } from './load-store.ts';
import { LoadStream } from './load-stream.ts';

interface Row {
  cluster: string;
  zone: string;
  calls: number;
  failed?: number;
  inProgress?: number;
}

/** One entry for each row; clients may well name a cluster twice. */
const stats = (rows: readonly Row[]) =>
  rows.map(({ cluster, zone, calls, failed = 0, inProgress = 0 }) =>
    message(ClusterStats, {
      clusterName: cluster,
      upstreamLocalityStats: [
        message(UpstreamLocalityStats, {
          locality: { region: 'r', zone, subZone: '' },
          totalIssuedRequests: BigInt(calls),
          totalSuccessfulRequests: BigInt(calls - failed),
          totalErrorRequests: BigInt(failed),
          totalRequestsInProgress: BigInt(inProgress),
        }),
      ],
    }),
  );

function setup(options: Partial<LoadLimits> = {}, knows: (cluster: string) => boolean = () => true) {
  const limits = { ...defaultLoadLimits, ...options };
  const store = new LoadStore(limits, knows);
  const clock = { ms: 0 };
  const client = (id: string) => {
    const stream = new LoadStream({ store, limits, intervalMs: 1500, now: () => clock.ms });
    const hello = stream.onRequest({ node: message(Node, { id }), clusterStats: [] });
    return {
      hello,
      report: (...rows: Row[]) => stream.onRequest({ node: undefined, clusterStats: stats(rows) }),
      raw: (clusterStats: ClusterStats[]) => stream.onRequest({ node: undefined, clusterStats }),
    };
  };
  const totals = () =>
    store.totals().map(({ cluster, zone, issued, failed }) => [cluster, zone, issued, failed]);
  const clients = () => [...store.clients()].map(({ node }) => node.id);
  return { store, clock, client, totals, clients };
}

describe('load reports', () => {
  it('asks for all clusters at the interval, once', () => {
    const { client } = setup();
    const one = client('one');
    expect(one.hello).toEqual({
      clusters: [],
      sendAllClusters: true,
      loadReportingInterval: { seconds: 1n, nanos: 500_000_000 },
      reportEndpointGranularity: false,
    });
    expect(one.report()).toBeUndefined();
  });

  it('sums up by cluster and locality, of all clients and of each', () => {
    const { client, totals, store } = setup();
    const [one, two] = [client('one'), client('two')];
    one.report({ cluster: 'c', zone: 'a', calls: 10, failed: 1, inProgress: 3 });
    one.report({ cluster: 'c', zone: 'a', calls: 5, inProgress: 2 }, { cluster: 'c', zone: 'b', calls: 1 });
    two.report({ cluster: 'c', zone: 'a', calls: 100, inProgress: 4 });
    expect(totals()).toEqual([
      ['c', 'a', 115, 1],
      ['c', 'b', 1, 0],
    ]);
    expect(store.totals()[0]).toMatchObject({ succeeded: 114, inProgress: 6 });
    expect(
      [...store.clients()].map(({ node, loads }) => [node.id, [...loads].map(({ issued }) => issued)]),
    ).toEqual([
      ['one', [15, 1]],
      ['two', [100]],
    ]);
  });

  it('counts dropped calls, which went to no locality', () => {
    const { client, store } = setup();
    client('one').raw([message(ClusterStats, { clusterName: 'c', totalDroppedRequests: 7n })]);
    expect(store.totals()).toMatchObject([{ cluster: 'c', region: '', zone: '', dropped: 7, issued: 0 }]);
  });

  it('forgets a client after the stated time, its calls stay in the totals; who comes back earlier goes on', () => {
    const { client, clock, clients, totals, store } = setup({ forgetMs: 1000 });
    client('one').report({ cluster: 'c', zone: 'a', calls: 1, inProgress: 9 });
    clock.ms = 600;
    client('one').report({ cluster: 'c', zone: 'a', calls: 2, inProgress: 1 });
    client('two').report({ cluster: 'c', zone: 'a', calls: 4 });
    clock.ms = 1599;
    store.tick(clock.ms);
    expect(clients()).toEqual(['one', 'two']);
    expect([...[...store.clients()][0]!.loads]).toMatchObject([{ issued: 3, inProgress: 1 }]);
    clock.ms = 1600;
    store.tick(clock.ms);
    expect(clients()).toEqual([]);
    expect(totals()).toEqual([['c', 'a', 7, 0]]);
    expect(store.totals()[0]?.inProgress).toBe(0);
  });

  it('keeps no names that clients invent, and forgets clusters that are gone', () => {
    const known = new Set(['c']);
    const { client, totals, store } = setup({}, (cluster) => known.has(cluster));
    client('one').report({ cluster: 'c', zone: 'a', calls: 1 }, { cluster: '<x>', zone: 'a', calls: 2 });
    expect(totals()).toEqual([
      ['c', 'a', 1, 0],
      ['(other)', '', 2, 0],
    ]);
    known.clear();
    store.tick(1);
    expect(totals()).toEqual([['(other)', '', 2, 0]]);
  });

  it('tells apart only so many sums and clients; what is over counts all the same', () => {
    const { client, totals, store, clients } = setup({ totals: 2, clients: 1, clientSums: 1 });
    const zones = ['a', 'b', 'c', 'd'].map((zone) => ({ cluster: 'c', zone, calls: 1 }));
    client('one').report(...zones);
    client('two').report(...zones);
    expect(totals()).toEqual([
      ['c', 'a', 2, 0],
      ['c', 'b', 2, 0],
      ['(other)', '', 4, 0],
    ]);
    expect(clients()).toEqual(['one']);
    expect([...[...store.clients()][0]!.loads]).toHaveLength(1);
  });

  it('has room again once clients are forgotten', () => {
    const { client, store, clients, clock } = setup({ clients: 1, clientSums: 1, forgetMs: 10 });
    client('one').report({ cluster: 'c', zone: 'a', calls: 1 });
    store.tick((clock.ms = 10));
    client('two').report({ cluster: 'c', zone: 'b', calls: 1 });
    expect(clients()).toEqual(['two']);
    expect([...[...store.clients()][0]!.loads]).toHaveLength(1);
  });

  it('refuses what no client can mean, and does not let absurd numbers into the sums', () => {
    const { client, store } = setup({ clustersPerReport: 1, localitiesPerCluster: 1, requestBurst: 4 });
    const one = client('one');
    const row = { cluster: 'c', zone: 'a', calls: 1 };
    expect(() => one.report(row, row)).toThrow('with 2 clusters; at most 1');
    const [cluster] = stats([row]);
    const twice = {
      ...cluster!,
      upstreamLocalityStats: [...cluster!.upstreamLocalityStats, ...cluster!.upstreamLocalityStats],
    };
    expect(() => one.raw([twice])).toThrow('2 localities of a cluster; at most 1');
    const [locality] = cluster!.upstreamLocalityStats;
    one.raw([
      { ...cluster!, upstreamLocalityStats: [{ ...locality!, totalIssuedRequests: 2n ** 64n - 1n }] },
    ]);
    expect(store.totals()).toMatchObject([{ issued: 0, succeeded: 1 }]);
    expect(() => one.report(row)).toThrow('requests a second');
  });

  it('agrees with plain addition, whatever comes', () => {
    const row = fc.record({
      client: fc.constantFrom('x', 'y', 'z'),
      cluster: fc.constantFrom('a', 'b', 'c'),
      zone: fc.constantFrom('1', '2', '3'),
      calls: fc.nat(100),
      forget: fc.boolean(),
    });
    const check = fc.property(fc.array(row, { maxLength: 50 }), (rows) => {
      const { client, store, clock } = setup({ totals: 4, clientSums: 5, forgetMs: 5 });
      for (const { client: id, forget, ...load } of rows) {
        client(id).report(load);
        if (forget) store.tick((clock.ms += 3));
      }
      const sum = store.totals().reduce((total, { issued }) => total + issued, 0);
      const each = [...store.clients()].flatMap(({ loads }) => [...loads]);
      expect(sum).toBe(rows.reduce((total, { calls }) => total + calls, 0));
      expect(store.totals().length).toBeLessThanOrEqual(5);
      expect(each.length).toBeLessThanOrEqual(5);
    });
    fc.assert(check); // a failure prints its seed
  });
});
