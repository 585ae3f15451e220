import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testDns } from '../testing/dns.ts';
import { compliesAsSource, observe } from '@evenly/endpoints/testing';
import { dnsSrvSource } from './srv-source.ts';

let dns: Awaited<ReturnType<typeof testDns>>;
beforeEach(async () => (dns = await testDns()));
afterEach(() => dns.server.stop());

const source = (name = dns.name) => dnsSrvSource({ name, resolver: dns.resolver, refreshMs: 10 });

describe('dnsSrvSource', () => {
  compliesAsSource(() => {
    dns.publish(['127.0.0.1', 1001]);
    return {
      source: source(),
      change: () => dns.publish(['127.0.0.1', 1002]),
      fail: () => dns.server.stop(),
      heal: () => dns.server.start(),
    };
  });

  it('follows what DNS says, IPv6 too, and tells only what is new', async () => {
    dns.publish(['127.0.0.1', 1001]);
    const { sets, stop } = observe(source());
    await expect.poll(() => sets).toEqual([['127.0.0.1:1001']]);
    dns.publish(['127.0.0.1', 1001], ['fd00::2', 1002]);
    await expect.poll(() => sets.at(-1)).toEqual(['127.0.0.1:1001', '[fd00::2]:1002']);
    const queries = dns.server.status.counters.queries;
    await expect.poll(() => dns.server.status.counters.queries).toBeGreaterThan(queries + 10);
    expect(sets).toHaveLength(2);
    stop();
  });

  it('reads answers that are too large for UDP', async () => {
    const pods = Array.from({ length: 50 }, (_, index): [string, number] => [
      `127.0.1.${index + 1}`,
      1000 + index,
    ]);
    dns.publish(...pods);
    const { sets, stop } = observe(source());
    await expect.poll(() => sets.at(-1)?.length).toBe(50);
    expect(dns.server.status.counters.truncated).toBeGreaterThan(0);
    stop();
  });

  it('asks again soon while there is nobody, and sooner than `refreshMs` says', async () => {
    const slow = { refreshMs: 3_600_000, minRefreshMs: 1 };
    const { sets, errors, stop } = observe(dnsSrvSource({ name: dns.name, resolver: dns.resolver, ...slow }));
    await expect.poll(() => errors[0]).toBe('NOT_FOUND');
    dns.publish(['127.0.0.1', 1001]);
    await expect.poll(() => sets.at(-1)).toEqual(['127.0.0.1:1001']);
    stop();
  });

  it('says that a name does not exist', async () => {
    const { errors, sets, stop } = observe(source('_grpc._tcp.other.default.svc.cluster.local'));
    await expect.poll(() => errors[0]).toBe('NOT_FOUND');
    expect(sets).toEqual([]);
    stop();
  });

  it('says that DNS is down, and that it is back', async () => {
    dns.publish(['127.0.0.1', 1001]);
    const { sets, errors, recoveries, stop } = observe(source());
    await expect.poll(() => sets).toHaveLength(1);
    await dns.server.stop();
    await expect.poll(() => errors).toContain('UNREACHABLE');
    expect(sets).toHaveLength(1);
    await dns.server.start();
    await expect.poll(recoveries).toBe(1);
    expect(sets).toHaveLength(1);
    stop();
  });
});
