import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consulSource, type ConsulSourceOptions } from '@evenly/discovery';
import { compliesAsSource, observe } from '@evenly/endpoints/testing';
import { authority } from '@evenly/local-cluster';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { buildConsul, ConsulAgent } from './agent.ts';
import { Relay } from './relay.ts';

const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

const fast = { minIntervalMs: 10, backoff: { initialMs: 10, maxMs: 100 } };

function watching(options: ConsulSourceOptions) {
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  const observed = observe(consulSource({ ...fast, onWarning, ...options }));
  stops.push(observed.stop);
  const last = () =>
    observed.told
      .at(-1)
      ?.endpoints.map(({ address, port, weight = 1, state }) =>
        [`${address}:${port}`, weight, state].join(' '),
      );
  return { ...observed, warnings, last };
}

const instance = (number: number, more: object = {}) => ({
  ID: `web-${number}`,
  Name: 'web',
  Address: `10.0.0.${number}`,
  Port: 50_051,
  ...more,
});

beforeAll(() => buildConsul());

describe('one server', () => {
  let agent: ConsulAgent;
  beforeAll(async () => (agent = await ConsulAgent.start()));
  afterAll(() => agent?.end());
  let relay: Relay;
  beforeEach(async () => {
    await agent.deregisterAll();
    relay = await new Relay(agent.url).open();
  });
  afterEach(() => relay.close());
  const web = () => ({ service: 'web', server: agent.url });

  compliesAsSource(async () => {
    await agent.register(instance(1));
    await agent.register(instance(2));
    return {
      source: consulSource({ service: 'web', server: relay.url, ...fast }),
      change: () => agent.deregister('web-2'),
      fail: () => relay.close(),
      heal: () => relay.open(),
    };
  });

  it('tells what checks say, as soon as they say it, and the weights that belong to it', async () => {
    const check = { CheckID: 'ttl', TTL: '1h', Status: 'passing' };
    await agent.register(instance(1, { Weights: { Passing: 5, Warning: 2 }, Check: check }));
    const { last, errors } = watching(web());
    await expect.poll(last).toEqual(['10.0.0.1:50051 5 ready']);
    await agent.put('/v1/agent/check/warn/ttl');
    await expect.poll(last).toEqual(['10.0.0.1:50051 2 ready']);
    await agent.put('/v1/agent/check/fail/ttl');
    await expect.poll(last).toEqual(['10.0.0.1:50051 5 not-ready']);
    await agent.put('/v1/agent/check/pass/ttl');
    await expect.poll(last).toEqual(['10.0.0.1:50051 5 ready']);
    for (const path of ['/v1/agent/service/maintenance/web-1', '/v1/agent/maintenance']) {
      await agent.put(`${path}?enable=true`);
      await expect.poll(last).toEqual(['10.0.0.1:50051 5 not-ready']);
      await agent.put(`${path}?enable=false`);
      await expect.poll(last).toEqual(['10.0.0.1:50051 5 ready']);
    }
    await agent.deregister('web-1');
    await expect.poll(last).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('takes the address of the node where a service has none, and tags all together', async () => {
    await agent.register(instance(1, { Address: '', Tags: ['v1', 'blue'] }));
    await agent.register(instance(2, { Tags: ['v1'] }));
    await agent.register(instance(3, { Tags: ['blue'] }));
    const { last } = watching({ ...web(), tags: ['v1', 'blue'], consistency: 'consistent' });
    await expect.poll(last).toEqual(['127.0.0.1:50051 1 ready']);
  });

  it('says nothing while others change, nor when a wait is over', async () => {
    await agent.register(instance(1));
    const { log, last } = watching({ ...web(), waitMs: 20 });
    const other = watching({ ...web(), service: 'other' });
    for (let number = 1; number <= 5; number++) {
      await agent.register({ ...instance(number), ID: `other-${number}`, Name: 'other' });
      await expect.poll(() => other.last()?.length).toBe(number);
    }
    expect(last()).toEqual(['10.0.0.1:50051 1 ready']);
    expect(log).toEqual(['set']);
  });

  it('is followed when it was set up anew, and counts from the beginning', async () => {
    for (let number = 1; number <= 20; number++) await agent.register(instance(number));
    const { last, log } = watching(web());
    await expect.poll(() => last()?.length).toBe(20);
    await agent.stop();
    await agent.forget();
    await agent.start();
    await agent.register(instance(7));
    await expect.poll(last).toEqual(['10.0.0.7:50051 1 ready']);
    await expect.poll(() => log).toContain('recovered');
    await agent.register(instance(8));
    await expect.poll(last).toHaveLength(2);
  });

  it('says what is wrong with a datacenter, and with a service that nobody knows', async () => {
    const elsewhere = watching({ ...web(), datacenter: 'dc9' });
    await expect
      .poll(() => elsewhere.failures[0]?.message)
      .toBe('Consul answers 500 for service web: "No path to datacenter"');
    const unknown = watching({ ...web(), service: 'nobody' });
    await expect.poll(unknown.last).toEqual([]);
    expect(unknown.warnings).toEqual(['there is no instance of service nobody: does the service exist?']);
  });
});

describe('a server without a leader', () => {
  let agent: ConsulAgent;
  beforeAll(async () => (agent = await ConsulAgent.start({ withoutLeader: true })));
  afterAll(() => agent?.end());

  it.each(['default', 'stale', 'consistent'] as const)(
    'has no endpoints to tell: %s',
    async (consistency) => {
      const { failures, sets } = watching({ service: 'web', server: agent.url, consistency });
      const reason = 'Consul answers 500 for service web: "No cluster leader"';
      await expect.poll(() => failures[0]?.message).toBe(reason);
      expect(sets).toEqual([]);
    },
  );
});

describe('access', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'evenly-consul-access-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it('a token is read again: one without rights, one that is not known, one that may', async () => {
    const all = '11111111-1111-1111-1111-111111111111';
    const acl = { enabled: true, default_policy: 'deny', tokens: { initial_management: all, agent: all } };
    const agent = await ConsulAgent.start({ config: { acl }, token: all });
    try {
      await agent.register(instance(1));
      const policy = {
        Name: 'web',
        Rules: 'service "web" { policy = "read" } node_prefix "" { policy = "read" }',
      };
      await agent.put('/v1/acl/policy', policy);
      const made = await agent.put('/v1/acl/token', { Policies: [{ Name: 'web' }] });
      const { SecretID } = JSON.parse(made) as { SecretID: string };
      const tokenFile = join(folder, 'token');
      await writeFile(tokenFile, `${SecretID}\n`);
      const { last, log, failures } = watching({ service: 'web', server: agent.url, tokenFile, waitMs: 50 });
      await expect.poll(last).toEqual(['10.0.0.1:50051 1 ready']);
      await writeFile(tokenFile, '');
      await expect.poll(() => log.at(-1)).toBe('BAD_CONFIG');
      const mayNothing = await agent.put('/v1/acl/token', {});
      await writeFile(tokenFile, (JSON.parse(mayNothing) as { SecretID: string }).SecretID);
      await expect.poll(() => log.at(-1)).toBe('FORBIDDEN');
      expect(failures.at(-1)!.message).toMatch(/leaves out all instances of service web; the token needs/);
      const anonymous = watching({ service: 'web', server: agent.url });
      await expect.poll(() => anonymous.log).toEqual(['FORBIDDEN']);
      await writeFile(tokenFile, '22222222-2222-2222-2222-222222222222');
      await expect.poll(() => log.at(-1)).toBe('UNAUTHORIZED');
      await writeFile(tokenFile, SecretID);
      await expect.poll(() => log.at(-1)).toBe('recovered');
      expect(log.filter((each) => each === 'set')).toHaveLength(1);
    } finally {
      await agent.end();
    }
  });

  it('an agent with TLS that wants to see a certificate', async () => {
    const { cert: ca, issue } = await authority('consul');
    const [server, client, other] = await Promise.all([
      issue('server.dc1.consul', { ips: ['127.0.0.1'] }),
      issue('client', {}),
      authority('other'),
    ]);
    const files = {
      ca,
      ...{ cert: client.cert, key: client.key, serverCert: server.cert, serverKey: server.key },
      otherCa: other.cert,
    };
    const path = (name: keyof typeof files) => join(folder, `${name}.pem`);
    for (const [name, text] of Object.entries(files)) await writeFile(path(name as keyof typeof files), text);
    const https = await freePort();
    const tls = {
      https: {
        ca_file: path('ca'),
        cert_file: path('serverCert'),
        key_file: path('serverKey'),
        verify_incoming: true,
      },
    };
    const agent = await ConsulAgent.start({ config: { tls, ports: { https } } });
    try {
      await agent.register(instance(1));
      const at = { service: 'web', server: `https://127.0.0.1:${https}` };
      const known = watching({ ...at, ca: path('ca'), cert: path('cert'), key: path('key') });
      await expect.poll(known.last).toEqual(['10.0.0.1:50051 1 ready']);
      for (const options of [
        { ca: path('ca') },
        { ca: path('otherCa'), cert: path('cert'), key: path('key') },
      ]) {
        const refused = watching({ ...at, ...options });
        await expect.poll(() => refused.errors[0]).toBe('UNREACHABLE');
        expect(refused.sets).toEqual([]);
      }
    } finally {
      await agent.end();
    }
  });
});
