import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testDns } from '../testing/dns.ts';
import { compliesAsSource, observe } from '@evenly/endpoints/testing';
import { dnsAddressSource } from './address-source.ts';
import { inVainWaits, nextLookupMs } from './source.ts';

let dns: Awaited<ReturnType<typeof testDns>>;
beforeEach(async () => (dns = await testDns()));
afterEach(() => dns.server.stop());

const source = () =>
  dnsAddressSource({
    ...{ name: 'be1-srv.default.svc.cluster.local', port: 50051 },
    ...{ resolver: dns.resolver, refreshMs: 10 },
  });

describe('dnsAddressSource', () => {
  compliesAsSource(() => {
    dns.publish(['127.0.0.1', 1]);
    return {
      source: source(),
      change: () => dns.publish(['127.0.0.2', 1]),
      fail: () => dns.server.stop(),
      heal: () => dns.server.start(),
    };
  });

  it('gives all addresses one port, IPv6 ones where there are no others', async () => {
    dns.publish(['127.0.0.1', 1], ['127.0.0.2', 2], ['fd00::1', 3]);
    const { sets, stop } = observe(source());
    await expect.poll(() => sets).toEqual([['127.0.0.1:50051', '127.0.0.2:50051']]);
    dns.publish(['fd00::1', 3]);
    await expect.poll(() => sets.at(-1)).toEqual(['[fd00::1]:50051']);
    stop();
  });

  it.each(['', 'a..b', `${'a'.repeat(64)}.test`, 'a.'.repeat(128)])('refuses %o as a name', (name) => {
    const options = { name, port: 1, resolver: dns.resolver, refreshMs: 10 };
    expect(() => dnsAddressSource(options)).toThrow('is no DNS name');
  });
});

describe('nextLookupMs', () => {
  const options = { refreshMs: 10_000 };
  const late = () => 0;

  it('follows the TTL, between the floor and the interval', () => {
    expect(nextLookupMs(5, options, late)).toBe(5000);
    expect(nextLookupMs(0, options, late)).toBe(1000);
    expect(nextLookupMs(3600, options, late)).toBe(10_000);
    expect(nextLookupMs(undefined, options, late)).toBe(10_000);
    expect(nextLookupMs(5, { refreshMs: 500 }, late)).toBe(500);
    expect(nextLookupMs(1, { refreshMs: 10_000, minRefreshMs: 3000 }, late)).toBe(3000);
  });

  it('is a little sooner by chance', () => {
    expect(nextLookupMs(undefined, options, () => 0.5)).toBe(9500);
  });
});

describe('inVainWaits', () => {
  it('begins with twice the floor at most, and ends at the interval', () => {
    const waits = inVainWaits({ refreshMs: 10_000 }, () => 1);
    expect([1, 2, 3, 4, 5].map(() => waits.next())).toEqual([2000, 4000, 8000, 10_000, 10_000]);
    expect(inVainWaits({ refreshMs: 10_000 }, () => 0).next()).toBe(1000);
    expect(inVainWaits({ refreshMs: 500 }, () => 1).next()).toBe(500);
  });

  it('never goes below the floor', () => {
    expect(inVainWaits({ refreshMs: 1200 }, () => 0).next()).toBe(1000);
    expect(inVainWaits({ refreshMs: 500 }, () => 0).next()).toBe(500);
  });
});
