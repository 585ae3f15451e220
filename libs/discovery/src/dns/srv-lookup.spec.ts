import type { Answer } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { a, aaaa, cname, scriptedDns, srv, type Script } from '../testing/scripted-dns.ts';
import { text } from '../testing/text.ts';
import { dnsResolver } from './resolver.ts';
import { lookupSrv } from './srv-lookup.ts';

const name = '_grpc._tcp.be1.test';
const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

async function lookup(script: Script) {
  const server = await scriptedDns(script);
  ends.push(server.stop);
  const resolver = dnsResolver({ servers: [server.address], timeoutMs: 2000, attempts: 1 });
  const found = lookupSrv(resolver, name, new AbortController().signal);
  return { found, asked: server.asked };
}

/** Answers from a list of records, as a server does that knows nothing else. */
const records =
  (...all: Answer[]): Script =>
  ({ name, type }) => ({
    answers: all.filter((record) => record.name === name && [type, 'CNAME'].includes(record.type)),
  });

describe('lookupSrv', () => {
  it('ranks priorities from 0, and keeps weights where they differ', async () => {
    const { found } = await lookup(
      records(
        ...[srv(name, 'a.test', 1, 20, 60), srv(name, 'b.test', 2, 20, 0), srv(name, 'c.test', 3, 10, 5)],
        ...[a('a.test', '10.0.0.1'), a('b.test', '10.0.0.2'), a('c.test', '10.0.0.3')],
      ),
    );
    expect((await found).endpoints).toEqual([
      { address: '10.0.0.3', port: 3, hostname: 'c.test', state: 'ready' },
      { address: '10.0.0.1', port: 1, hostname: 'a.test', priority: 1, weight: 60, state: 'ready' },
      { address: '10.0.0.2', port: 2, hostname: 'b.test', priority: 1, weight: 1, state: 'ready' },
    ]);
  });

  it('leaves out weights that say nothing: all equal, or all 0', async () => {
    for (const weight of [0, 33]) {
      const { found } = await lookup(
        records(
          ...[srv(name, 'a.test', 1, 0, weight), srv(name, 'b.test', 1, 0, weight)],
          ...[a('a.test', '10.0.0.1'), a('b.test', '10.0.0.2')],
        ),
      );
      expect((await found).endpoints.map((each) => each.weight)).toEqual([undefined, undefined]);
    }
  });

  it.each([
    ['three addresses beside one', [25, 75], [3, 1], [25, 25, 25, 225]],
    ['two and three', [10, 10], [2, 3], [30, 30, 20, 20, 20]],
    ['weights of 0, which say nothing', [0, 0], [2, 1], [1, 1, 2]],
    ['weights that are as large as may be', [65_535, 1], [1, 3], [65_535, 1, 1, 1]],
    ['as many addresses each', [25, 75], [2, 2], [25, 25, 75, 75]],
    ['equal shares, which say nothing', [10, 20], [1, 2], [undefined, undefined, undefined]],
  ])('has the addresses of a target share its weight: %s', async (_, weights, counts, expected) => {
    const targets = weights.map((weight, at) => srv(name, `t${at}.test`, 1, 0, weight));
    const addresses = counts.flatMap((count, at) =>
      Array.from({ length: count }, (_, index) => a(`t${at}.test`, `10.0.${at}.${index + 1}`)),
    );
    const { found } = await lookup(records(...targets, ...addresses));
    expect((await found).endpoints.map(({ weight }) => weight)).toEqual(expected);
  });

  it('gives an address that two targets have what both give it, and a record that is there twice counts once', async () => {
    const targets = [
      srv(name, 'a.test', 1, 0, 25),
      srv(name, 'b.test', 1, 0, 75),
      srv(name, 'c.test', 1, 0, 50),
    ];
    const addresses = [a('a.test', '10.0.0.1'), a('b.test', '10.0.0.1'), a('c.test', '10.0.0.2')];
    const { found } = await lookup(records(...targets, srv(name, 'c.test', 1, 0, 50), ...addresses));
    expect((await found).endpoints).toMatchObject([
      { address: '10.0.0.1', weight: 100 },
      { address: '10.0.0.2', weight: 50 },
    ]);
  });

  it('leaves out records with port 0, and says so when there are no others', async () => {
    const addresses = [a('a.test', '10.0.0.1'), a('b.test', '10.0.0.2')];
    const some = await lookup(records(srv(name, 'a.test', 0), srv(name, 'b.test', 2), ...addresses));
    expect((await some.found).endpoints).toMatchObject([{ address: '10.0.0.2', port: 2 }]);
    const all = await lookup(records(srv(name, 'a.test', 0), srv(name, '.', 0), ...addresses));
    await expect(all.found).rejects.toMatchObject({ code: 'NO_PORT', message: text(/have port 0/) });
  });

  it('uses a target whose A is fine, whatever the server says to AAAA', async () => {
    const { found } = await lookup(({ name: asked, type }) => {
      if (type === 'SRV') return { answers: [srv(asked, 'a.test', 1)] };
      return type === 'A' ? { answers: [a(asked, '10.0.0.1')] } : { rcode: 2 };
    });
    expect((await found).endpoints).toMatchObject([{ address: '10.0.0.1' }]);
  });

  it('uses the addresses that come along, and asks for the others', async () => {
    const { found, asked } = await lookup(({ type, name }) => {
      if (type === 'SRV')
        return {
          answers: [srv(name, 'a.test', 1), srv(name, 'b.test', 1)],
          additionals: [a('a.test', '10.0.0.1'), a('else.test', '10.0.0.9')],
        };
      return { answers: type === 'A' ? [a(name, '10.0.0.2')] : [] };
    });
    expect((await found).endpoints.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(asked).toEqual([`udp ${name} SRV`, 'udp b.test A']);
  });

  it('takes IPv6 where there is no IPv4', async () => {
    const both = [a('both.test', '10.0.0.1'), aaaa('both.test', 'fd00::1')];
    const { found } = await lookup(
      records(srv(name, 'both.test', 1), srv(name, 'six.test', 1), ...both, aaaa('six.test', 'fd00::2')),
    );
    expect((await found).endpoints.map(({ address }) => address)).toEqual(['10.0.0.1', 'fd00::2']);
  });

  it('knows how long its answer is true: the least TTL of SRV, aliases and addresses', async () => {
    const { found } = await lookup(
      records(
        ...[srv(name, 'a.test', 1, 0, 0, 30), cname('a.test', 'b.test', 20), a('b.test', '10.0.0.1', 25)],
      ),
    );
    expect(await found).toMatchObject({ ttlS: 20, endpoints: [{ address: '10.0.0.1' }] });
  });

  it('follows an alias that comes with what it leads to', async () => {
    const answers = [cname('a.test', 'b.test'), a('b.test', '10.0.0.1')];
    const { found, asked } = await lookup(({ name: asked, type }) => ({
      answers: type === 'SRV' ? [srv(asked, 'a.test', 1)] : type === 'A' ? answers : [],
    }));
    expect((await found).endpoints.map(({ address }) => address)).toEqual(['10.0.0.1']);
    expect(asked).not.toContain('udp b.test A');
  });

  it('says that aliases form a loop, within one answer and over several', async () => {
    const one = [cname('a.test', 'b.test'), cname('b.test', 'a.test')];
    const { found } = await lookup(({ name: asked, type }) => ({
      answers: type === 'SRV' ? [srv(asked, 'a.test', 1)] : one,
    }));
    await expect(found).rejects.toMatchObject({
      code: 'INVALID',
      message: text(/aliases form a loop: a.test → b.test → a.test$/),
    });
    const several = await lookup(({ name: asked, type }) => {
      if (type === 'SRV') return { answers: [srv(asked, 'a.test', 1)] };
      return { answers: [cname(asked, asked === 'a.test' ? 'b.test' : 'a.test')] };
    });
    await expect(several.found).rejects.toMatchObject({ code: 'INVALID', message: text(/form a loop/) });
  });

  it('says that there are too many aliases', async () => {
    const { found } = await lookup(({ name: asked, type }) =>
      type === 'SRV' ? { answers: [srv(asked, 'a.test', 1)] } : { answers: [cname(asked, `x${asked}`)] },
    );
    await expect(found).rejects.toThrow('more than 8 DNS aliases');
  });

  it('takes "." as a target, and no records at all, for no endpoints', async () => {
    const none = await lookup(records(srv(name, '.', 0)));
    expect((await none.found).endpoints).toEqual([]);
    const nothing = await lookup(records());
    expect(await nothing.found).toEqual({ endpoints: [], ttlS: undefined });
  });

  it('leaves out a target that has gone, and begins again when all have', async () => {
    let answers = 0;
    const { found } = await lookup(({ name: asked, type }) => {
      if (type === 'SRV')
        return { answers: [srv(asked, `pod-${++answers}.test`, 1), srv(asked, 'gone.test', 1)] };
      if (asked !== 'pod-3.test') return { rcode: 3 };
      return { answers: type === 'A' ? [a(asked, '10.0.0.3')] : [] };
    });
    expect((await found).endpoints.map(({ hostname }) => hostname)).toEqual(['pod-3.test']);
  });

  it('says that no target has an address, instead of: no endpoints', async () => {
    const { found } = await lookup(({ name: asked, type }) =>
      type === 'SRV' ? { answers: [srv(asked, 'a.test', 1)] } : { rcode: 3 },
    );
    await expect(found).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: text(/no address of any target/),
    });
  });

  it('takes half an answer for none: one look-up that fails fails all', async () => {
    const { found } = await lookup(({ name: asked, type }) => {
      if (type === 'SRV') return { answers: [srv(asked, 'a.test', 1), srv(asked, 'b.test', 1)] };
      return asked === 'b.test' ? { rcode: 2 } : { answers: type === 'A' ? [a(asked, '10.0.0.1')] : [] };
    });
    await expect(found).rejects.toMatchObject({ code: 'UNREACHABLE', message: text(/b.test .*SERVFAIL/) });
  });

  it('refuses more records than the limit', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => srv(name, 'a.test', index + 1));
    const { found } = await lookup((_question, by) =>
      by === 'udp' ? { truncated: true } : { answers: many },
    );
    await expect(found).rejects.toMatchObject({ code: 'TOO_MANY' });
  });
});
