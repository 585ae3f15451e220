import { afterEach, describe, expect, it } from 'vitest';
import { a, aaaa, cname, scriptedDns, type Script, type ScriptedAnswer } from '../testing/scripted-dns.ts';
import { addressFinder } from './addresses.ts';
import type { RecordType } from './message.ts';
import { dnsResolver } from './resolver.ts';

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** Looks `be1.test` up again and again, as one source does. */
async function finder(script: Script) {
  const server = await scriptedDns(script);
  ends.push(server.stop);
  const waiting = (timeoutMs: number) => dnsResolver({ servers: [server.address], timeoutMs, attempts: 1 });
  // Short where there will be no answer, and nowhere else: a busy machine takes its time.
  const isSilent = (type: RecordType) => script({ name: 'be1.test', type, edns: true }, 'udp') === undefined;
  const find = addressFinder({
    query: (name, type, signal) => waiting(isSilent(type) ? 50 : 10_000).query(name, type, signal),
  });
  return { find: () => find('be1.test', new AbortController().signal), asked: server.asked };
}

const ipv4: ScriptedAnswer = { answers: [a('be1.test', '10.0.0.1', 7)] };
const ipv6: ScriptedAnswer = { answers: [aaaa('be1.test', 'fd00::1', 9)] };

/** What servers say to a type that they do not like, and what that is to us. */
const troubles: [string, ScriptedAnswer | undefined, string][] = [
  ['NXDOMAIN', { rcode: 3 }, 'NOT_FOUND'],
  ['SERVFAIL', { rcode: 2 }, 'UNREACHABLE'],
  ['NOTIMP', { rcode: 4 }, 'UNREACHABLE'],
  ['REFUSED', { rcode: 5 }, 'UNREACHABLE'],
  ['nothing', undefined, 'UNREACHABLE'],
  ['truncated, by TCP too', { truncated: true }, 'INVALID'],
  ['an alias to itself', { answers: [cname('be1.test', 'be1.test')] }, 'INVALID'],
];

describe('addressFinder', () => {
  it.each(troubles)('takes A records for the whole answer where AAAA is %s', async (_, trouble) => {
    const { find, asked } = await finder(({ type }) => (type === 'A' ? ipv4 : trouble));
    expect(await find()).toEqual({ addresses: ['10.0.0.1'], ttlS: 7 });
    expect(asked).toEqual(['udp be1.test A']);
  });

  it('does so behind aliases, some of which the server leaves to be asked for', async () => {
    const { find } = await finder(({ name, type }) => {
      if (type !== 'A') return { rcode: 2 };
      if (name === 'be1.test') return { answers: [cname('be1.test', 'b.test'), cname('b.test', 'c.test')] };
      return { answers: [a(name, '10.0.0.3')] };
    });
    expect((await find()).addresses).toEqual(['10.0.0.3']);
  });

  it('does so where A comes by TCP only', async () => {
    const { find } = await finder(({ type }, by) => {
      if (type !== 'A') return undefined;
      return by === 'udp' ? { truncated: true } : ipv4;
    });
    expect((await find()).addresses).toEqual(['10.0.0.1']);
  });

  it.each([['no data', {}, ''] as const, ...troubles.filter(([, , code]) => code !== 'INVALID')])(
    'takes AAAA records where A is %s and always was',
    async (_, trouble) => {
      const { find } = await finder(({ type }) => (type === 'A' ? trouble : ipv6));
      expect(await find()).toEqual({ addresses: ['fd00::1'], ttlS: 9 });
    },
  );

  it('does not go over to the other family when A fails for once, but does when the name has no more of it', async () => {
    let answer: ScriptedAnswer | undefined = ipv4;
    const { find } = await finder(({ type }) => (type === 'A' ? answer : ipv6));
    expect((await find()).addresses).toEqual(['10.0.0.1']);
    for (const failing of [undefined, { rcode: 2 }]) {
      answer = failing;
      await expect(find()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    }
    answer = {};
    expect((await find()).addresses).toEqual(['fd00::1']);
  });

  it.each(troubles.filter(([, , code]) => code === 'INVALID'))(
    'does not go over to AAAA where A is there and cannot be used: %s',
    async (_, trouble, code) => {
      const { find } = await finder(({ type }) => (type === 'A' ? trouble : ipv6));
      await expect(find()).rejects.toMatchObject({ code });
    },
  );

  it.each(troubles)('takes half an answer for none: A without records, AAAA %s', async (_, trouble, code) => {
    const { find } = await finder(({ type }) => (type === 'A' ? {} : trouble));
    await expect(find()).rejects.toMatchObject({ code });
  });

  it('takes half an answer for none: A fails, AAAA without records', async () => {
    const { find } = await finder(({ type }) => (type === 'A' ? { rcode: 2 } : {}));
    await expect(find()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('says that there is no such name when A says so, whatever AAAA says', async () => {
    const { find } = await finder(({ type }) => ({ rcode: type === 'A' ? 3 : 2 }));
    await expect(find()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('finds nobody where both are without records', async () => {
    const { find } = await finder(() => ({}));
    expect(await find()).toEqual({ addresses: [], ttlS: undefined });
  });
});
