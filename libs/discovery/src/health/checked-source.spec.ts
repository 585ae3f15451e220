import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  endpointKey,
  staticSource,
  withEmptyGrace,
  type Endpoint,
  type EndpointSource,
} from '@evenly/endpoints';
import { compliesAsSource, drivenSource, observe } from '@evenly/endpoints/testing';
import { healthServer } from '../testing/health-server.ts';
import { healthCheckedSource } from './checked-source.ts';
import type { HealthReport } from './judgement.ts';
import { grpcHealthChecker } from './lazy-checker.ts';

let pods: Awaited<ReturnType<typeof healthServer>>[];
beforeEach(async () => (pods = await Promise.all([healthServer(), healthServer(), healthServer('::1')])));
afterEach(() => pods.forEach((pod) => pod.stop()));

const keys = (...indices: number[]) => indices.map((index) => endpointKey(pods[index]!.endpoint)).sort();

function checked(source: EndpointSource = staticSource(pods.map(({ endpoint }) => endpoint))) {
  let report: HealthReport = [];
  const checker = grpcHealthChecker({ grpcService: 'echo.EchoServer', timeoutMs: 300 });
  const observed = observe(
    healthCheckedSource({ source, checker, intervalMs: 10, onReport: (next) => (report = next) }),
  );
  return { ...observed, report: () => report };
}

describe('healthCheckedSource', () => {
  compliesAsSource(() => {
    const [a, b] = pods.map(({ endpoint }) => endpoint) as [Endpoint, Endpoint];
    const { source, tell, fail, recover: heal } = drivenSource(a);
    const checker = grpcHealthChecker({ grpcService: '', timeoutMs: 1000 });
    const checked = healthCheckedSource({ source, checker, intervalMs: 10 });
    return { source: checked, change: () => tell(a, b), fail, heal };
  });

  it('lets through those that serve, over both address families', async () => {
    const { sets, stop } = checked();
    await expect.poll(() => sets).toEqual([keys(0, 1, 2)]);
    expect(pods[0]!.asked[0]).toBe('echo.EchoServer');
    stop();
  });

  it.each(['not-serving', 'unknown-service', 'hang'] as const)(
    'drops one that is %s, and takes it back',
    async (behaviour) => {
      const { sets, report, stop } = checked();
      await expect.poll(() => sets.at(-1)).toEqual(keys(0, 1, 2));
      pods[1]!.behave(behaviour);
      await expect.poll(() => sets.at(-1)).toEqual(keys(0, 2));
      const kind = behaviour === 'hang' ? 'slow' : 'not-serving';
      const row = report().find(({ endpoint }) => endpoint.port === pods[1]!.endpoint.port);
      expect(row?.verdict).toMatchObject({ kind });
      pods[1]!.behave('serving');
      await expect.poll(() => sets.at(-1)).toEqual(keys(0, 1, 2));
      stop();
    },
  );

  it('drops one that died', async () => {
    const { sets, stop } = checked();
    await expect.poll(() => sets.at(-1)).toEqual(keys(0, 1, 2));
    pods[0]!.stop();
    await expect.poll(() => sets.at(-1)).toEqual(keys(1, 2));
    stop();
  });

  it('says that all are not serving by an empty set, but that nobody answers by an error', async () => {
    const { sets, errors, stop } = checked();
    await expect.poll(() => sets).toHaveLength(1);
    for (const pod of pods) pod.behave('not-serving');
    await expect.poll(() => sets.at(-1)).toEqual([]);
    for (const pod of pods) pod.behave('serving');
    await expect.poll(() => sets.at(-1)).toEqual(keys(0, 1, 2));
    const told = sets.length;
    for (const pod of pods) pod.stop();
    await expect.poll(() => errors).toContain('NO_HEALTH_ANSWER');
    // Between the first pod's end and the last one's, a round may have seen fewer; but never none.
    expect(sets.slice(told).every((set) => set.length > 0)).toBe(true);
    stop();
  });

  it('keeps those that are merely slow where too few would be left', async () => {
    const { sets, report, stop } = checked();
    await expect.poll(() => sets.at(-1)).toEqual(keys(0, 1, 2));
    pods[0]!.behave('hang');
    pods[1]!.behave('hang');
    await expect.poll(() => report().filter(({ isKept }) => isKept)).toHaveLength(2);
    expect(sets).toEqual([keys(0, 1, 2)]);
    pods[0]!.behave('serving');
    await expect.poll(() => sets.at(-1)).toEqual(keys(0, 2));
    stop();
  });

  it('lets endpoints through that serve while they end, and says that they do', async () => {
    const driven = drivenSource();
    const { told, stop } = checked(driven.source);
    driven.tell({ ...pods[0]!.endpoint, state: 'serving-terminating' });
    await expect
      .poll(() => told.at(-1)?.endpoints.map(({ state }) => state))
      .toEqual(['serving-terminating']);
    stop();
  });

  it('ends the grace of a source that names nobody any more when nobody serves, and not before', async () => {
    const driven = drivenSource();
    const { sets, report, stop } = checked(withEmptyGrace(driven.source, { graceMs: 60_000 }));
    driven.tell(pods[0]!.endpoint, pods[1]!.endpoint);
    await expect.poll(() => sets).toEqual([keys(0, 1)]);
    driven.tell();
    pods[0]!.behave('hang');
    await expect.poll(() => report().map(({ verdict }) => verdict.kind)).toContain('slow');
    pods[1]!.behave('not-serving');
    await expect.poll(() => sets.at(-1)).not.toContain(keys(1)[0]);
    pods[0]!.stop();
    await expect.poll(() => sets.at(-1)).toEqual([]);
    await expect.poll(report).toEqual([]);
    stop();
  });

  it('checks a new set at once', async () => {
    const driven = drivenSource();
    const { sets, stop } = checked(driven.source);
    driven.tell(pods[0]!.endpoint);
    await expect.poll(() => sets).toEqual([keys(0)]);
    driven.tell(pods[0]!.endpoint, pods[1]!.endpoint);
    await expect.poll(() => sets.at(-1)).toEqual(keys(0, 1));
    driven.tell();
    await expect.poll(() => sets.at(-1)).toEqual([]);
    stop();
  });

  it('goes on checking while the source itself fails, and does not take that for recovery', async () => {
    const driven = drivenSource();
    const { sets, errors, recoveries, stop } = checked(driven.source);
    driven.tell(pods[0]!.endpoint, pods[1]!.endpoint);
    await expect.poll(() => sets).toEqual([keys(0, 1)]);
    driven.fail();
    expect(errors).toEqual(['UNREACHABLE']);
    pods[0]!.behave('not-serving');
    await expect.poll(() => sets.at(-1)).toEqual(keys(1));
    expect(recoveries()).toBe(0);
    driven.recover();
    expect(recoveries()).toBe(1);
    stop();
  });
});
