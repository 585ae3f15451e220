import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { observe } from '@evenly/endpoints/testing';
import type { Answer } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { a, scriptedDns, srv, type Script } from '../testing/scripted-dns.ts';
import { dnsAddressSource } from './address-source.ts';
import { candidates, hostAddresses, readMachineNames, type MachineNames } from './machine-names.ts';
import { dnsResolver } from './resolver.ts';
import { dnsSrvSource } from './srv-source.ts';

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

const pod: MachineNames = {
  hosts: new Map([['localhost', ['127.0.0.1', '::1']]]),
  search: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
};

async function names(hosts: string, resolvConf: string) {
  const directory = await mkdtemp(join(tmpdir(), 'evenly-names-'));
  const files = [join(directory, 'hosts'), join(directory, 'resolv.conf')] as const;
  await Promise.all([writeFile(files[0], hosts), writeFile(files[1], resolvConf)]);
  return readMachineNames(...files);
}

describe("a machine's names", () => {
  it('are read from its hosts file and search list', async () => {
    const { hosts, search } = await names(
      '# comment\n127.0.0.1\tlocalhost\n::1 localhost ip6-localhost # loopback\n10.0.0.7 DB.example db db\nnonsense x\n',
      'nameserver 10.96.0.10\ndomain old.example\nsearch shop.svc.cluster.local svc.cluster.local. ; two\noptions ndots:5\n',
    );
    expect(Object.fromEntries(hosts)).toEqual({
      ...{ localhost: ['127.0.0.1', '::1'], 'ip6-localhost': ['::1'] },
      ...{ 'db.example': ['10.0.0.7'], db: ['10.0.0.7'] },
    });
    expect(search).toEqual(['shop.svc.cluster.local', 'svc.cluster.local']);
  });

  it('are none where there are no such files', async () => {
    expect(await readMachineNames('/nowhere/hosts', '/nowhere/resolv.conf')).toEqual({
      hosts: new Map(),
      search: [],
    });
  });

  it('are the IPv4 ones of a host, or IPv6 where there are no others', () => {
    const hosts = new Map([
      ['both', ['::1', '127.0.0.1']],
      ['six', ['::1']],
    ]);
    const found = ['BOTH.', 'six', 'none'].map((name) => hostAddresses(name, { hosts, search: [] }));
    expect(found).toEqual([['127.0.0.1'], ['::1'], []]);
  });

  it.each([
    [
      'server-v1',
      [
        'server-v1.shop.svc.cluster.local',
        'server-v1.svc.cluster.local',
        'server-v1.cluster.local',
        'server-v1',
      ],
    ],
    [
      'server-v1.shop',
      [
        ...['server-v1.shop', 'server-v1.shop.shop.svc.cluster.local', 'server-v1.shop.svc.cluster.local'],
        'server-v1.shop.cluster.local',
      ],
    ],
    ['server-v1.shop.svc.cluster.local', ['server-v1.shop.svc.cluster.local']],
    ['server-v1.', ['server-v1.']],
  ])('lead from %s to %j', (name, expected) => {
    expect(candidates(name, pod)).toEqual(expected);
  });

  it('are for who asks the machine’s servers only', () => {
    expect('machine' in dnsResolver()).toBe(true);
    expect('machine' in dnsResolver({ servers: ['127.0.0.1'] })).toBe(false);
  });
});

/** A server that knows these records, and a resolver that takes it for the machine's. */
async function resolverOf(script: Script) {
  const server = await scriptedDns(script);
  ends.push(server.stop);
  const resolver = {
    ...dnsResolver({ servers: [server.address], timeoutMs: 10_000, attempts: 1 }),
    machine: async () => pod,
  };
  return { resolver, asked: server.asked };
}

const knowing =
  (...records: Answer[]): Script =>
  ({ name, type }) => {
    const ofName = records.filter((record) => record.name === name);
    return ofName.length === 0 ? { rcode: 3 } : { answers: ofName.filter((record) => record.type === type) };
  };

/** Looked up once only. */
const once = { refreshMs: 600_000, minRefreshMs: 600_000 };

describe('a DNS source', () => {
  it('finds a name of one label in the domains of the machine', async () => {
    const { resolver, asked } = await resolverOf(knowing(a('server-v1.svc.cluster.local', '10.0.0.1')));
    const { sets, stop } = observe(dnsAddressSource({ name: 'server-v1', port: 1, resolver, ...once }));
    ends.push(stop);
    await expect.poll(() => sets).toEqual([['10.0.0.1:1']]);
    expect(asked).not.toContain('udp server-v1 A');
  });

  it('finds SRV records there too', async () => {
    const full = '_grpc._tcp.be1.svc.cluster.local';
    const { resolver } = await resolverOf(knowing(srv(full, 'a.test', 7), a('a.test', '10.0.0.1')));
    const { sets, stop } = observe(dnsSrvSource({ name: '_grpc._tcp.be1', resolver, ...once }));
    ends.push(stop);
    await expect.poll(() => sets).toEqual([['10.0.0.1:7']]);
  });

  it('asks for a whole name only once, and nowhere else', async () => {
    const { resolver, asked } = await resolverOf(knowing());
    const name = 'gone.shop.svc.cluster.local';
    const { errors, stop } = observe(dnsAddressSource({ name, port: 1, resolver, ...once }));
    ends.push(stop);
    await expect.poll(() => errors).toEqual(['NOT_FOUND']);
    expect(asked).toEqual([`udp ${name} A`, `udp ${name} AAAA`]);
  });

  it('says of a name that is nowhere what it first was asked for, and of one without records that it has nobody', async () => {
    const none = await resolverOf(knowing());
    const nowhere = observe(dnsAddressSource({ name: 'x', port: 1, resolver: none.resolver, ...once }));
    ends.push(nowhere.stop);
    await expect.poll(() => nowhere.failures[0]?.message).toMatch('no name x.shop.svc.cluster.local');
    const empty = await resolverOf(({ name }) => (name === 'x.svc.cluster.local' ? {} : { rcode: 3 }));
    const nobody = observe(dnsAddressSource({ name: 'x', port: 1, resolver: empty.resolver, ...once }));
    ends.push(nobody.stop);
    await expect.poll(() => nobody.log).toEqual(['set']);
    expect(nobody.sets).toEqual([[]]);
  });

  it('goes no further where one candidate cannot be asked for: it might be the one', async () => {
    const { resolver } = await resolverOf(({ name }) =>
      name === 'x.svc.cluster.local'
        ? { rcode: 2 }
        : name === 'x'
          ? { answers: [a('x', '10.0.0.9')] }
          : { rcode: 3 },
    );
    const { log, stop } = observe(dnsAddressSource({ name: 'x', port: 1, resolver, ...once }));
    ends.push(stop);
    await expect.poll(() => log).toEqual(['UNREACHABLE']);
  });

  it('takes the hosts file first, and asks nobody then', async () => {
    const { resolver, asked } = await resolverOf(knowing());
    const { sets, stop } = observe(dnsAddressSource({ name: 'localhost', port: 1, resolver, ...once }));
    ends.push(stop);
    await expect.poll(() => sets).toEqual([['127.0.0.1:1']]);
    expect(asked).toEqual([]);
  });
});
