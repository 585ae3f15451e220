import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndpointSet } from '@evenly/endpoints';
import { compliesAsSource, observe } from '@evenly/endpoints/testing';
import { FakeConsulAgent, type FakeInstance } from '../testing/consul-agent.ts';
import { text } from '../testing/text.ts';
import { consulSource, type ConsulSourceOptions } from './consul-source.ts';

let agent: FakeConsulAgent;
const stops: (() => void)[] = [];
beforeEach(async () => (agent = await new FakeConsulAgent().start()));
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await agent.stop();
});

const fast = { minIntervalMs: 1, backoff: { initialMs: 1, maxMs: 5 } };
const source = (options: Partial<ConsulSourceOptions> = {}) =>
  consulSource({ service: 'web', server: agent.url, ...fast, ...options });

function watching(options: Partial<ConsulSourceOptions> = {}) {
  const warnings: string[] = [];
  const observed = observe(source({ onWarning: (message) => warnings.push(message), ...options }));
  stops.push(observed.stop);
  return { ...observed, warnings, last: () => observed.sets.at(-1) };
}

/** What the index of each request was. */
const asked = () => agent.requests.map(({ url }) => Number(url.searchParams.get('index') ?? 0));
const one: FakeInstance = { address: '10.0.0.1' };
const two: FakeInstance = { id: 'web-2', address: '10.0.0.2' };

describe('consulSource', () => {
  compliesAsSource(() => {
    agent.put([one, two]);
    return {
      source: source(),
      change: () => agent.put([one]),
      fail: () => agent.stop(),
      heal: () => agent.start(),
    };
  });

  it('follows a service from none to many and to none again', async () => {
    const { last, errors, warnings } = watching();
    await expect.poll(last).toEqual([]);
    expect(warnings).toEqual(['there is no instance of service web: does the service exist?']);
    agent.put([two, one]);
    await expect.poll(last).toEqual(['10.0.0.1:50051', '10.0.0.2:50051']);
    agent.put([]);
    await expect.poll(last).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('asks for a datacenter, tags and a consistency, and waits from the second time on', async () => {
    watching({ datacenter: 'dc2', tags: ['v1', 'blue'], consistency: 'stale', waitMs: 7000 });
    await expect.poll(() => agent.waiting).toBe(1);
    const all = 'dc=dc2&tag=v1&tag=blue&stale=';
    expect(agent.requests.map(({ url }) => `${url.pathname}${url.search}`)).toEqual([
      `/v1/health/service/web?${all}`,
      `/v1/health/service/web?index=10&wait=7000ms&${all}`,
    ]);
  });

  it('is told by an answer that nothing changed, and says nothing', async () => {
    agent.put([one]);
    const { log } = watching();
    for (let round = 2; round < 5; round++) {
      await expect.poll(() => agent.waiting).toBe(1);
      expect(agent.requests).toHaveLength(round);
      agent.wake();
    }
    expect(log).toEqual(['set']);
  });
});

describe('the index of an answer', () => {
  it('that went backwards is not waited on', async () => {
    agent.put([one], 500);
    const { last } = watching();
    await expect.poll(() => agent.waiting).toBe(1);
    agent.put([two], 20); // a server that was set up anew
    await expect.poll(last).toEqual(['10.0.0.2:50051']);
    await expect.poll(() => agent.waiting).toBe(1);
    expect(asked()).toEqual([0, 500, 0, 20]);
  });

  it('of 0 is waited on as 1, or nothing would ever wait', async () => {
    agent.put([], 0);
    watching();
    await expect.poll(() => agent.waiting).toBe(1);
    expect(asked()).toEqual([0, 1]);
  });

  it('is dropped after a failure: what comes then is told at once', async () => {
    agent.put([one], 500);
    const { log } = watching();
    await expect.poll(() => agent.waiting).toBe(1);
    await agent.stop();
    await expect.poll(() => log).toEqual(['set', 'UNREACHABLE']);
    await agent.start();
    await expect.poll(() => log).toEqual(['set', 'UNREACHABLE', 'recovered']);
    await expect.poll(() => agent.waiting).toBe(1);
    expect(asked()).toEqual([0, 500, 0, 500]);
  });

  it('is dropped when a wait is cut off, which is no failure where the agent answers', async () => {
    agent.put([one]);
    const { log, last } = watching();
    await expect.poll(() => agent.waiting).toBe(1);
    agent.cut();
    await expect.poll(() => asked()).toEqual([0, 11, 0, 11]);
    agent.put([two]);
    await expect.poll(last).toEqual(['10.0.0.2:50051']);
    expect(log).toEqual(['set', 'set']);
  });

  it('may change all the time: that is no reason to ask all the time', async () => {
    let index = 0;
    agent.respond = (response) => {
      const headers = { 'content-type': 'application/json', 'x-consul-index': `${++index}` };
      response.writeHead(200, headers).end('[]');
    };
    const askedFor = (tag: string) =>
      agent.requests.filter(({ url }) => url.searchParams.get('tag') === tag).length;
    watching({ tags: ['slow'], minIntervalMs: 60_000 });
    await expect.poll(() => askedFor('slow')).toBe(1);
    watching({ tags: ['fast'] });
    await expect.poll(() => askedFor('fast')).toBeGreaterThan(20);
    expect(askedFor('slow')).toBe(1);
  });

  it.each([undefined, 'soon', '-1', '1.5', '99999999999999999999'])(
    'is missing or no number (%s): that is said, for it cannot be waited on',
    async (index) => {
      agent.put([one]);
      agent.headers['x-consul-index'] = index;
      const { failures, log, last } = watching();
      await expect
        .poll(() => failures[0]?.message)
        .toEqual(text(/^Consul answers with(out)? X-Consul-Index/));
      agent.headers = {};
      await expect.poll(() => log).toEqual(['INVALID', 'set', 'recovered']);
      expect(last()).toEqual(['10.0.0.1:50051']);
    },
  );
});

async function told(...instances: FakeInstance[]): Promise<EndpointSet['endpoints']> {
  agent.put(instances);
  const observed = watching();
  await expect.poll(() => observed.told.length).toBe(1);
  observed.stop();
  return observed.told[0]!.endpoints;
}

describe('an instance', () => {
  it("has its node's address where it has none of its own", async () => {
    const [endpoint] = await told({ id: 'a', address: '', nodeAddress: 'fd00::7' });
    expect(endpoint).toEqual({ address: 'fd00::7', port: 50051, hostname: 'node-of-a', state: 'ready' });
  });

  const weights = { Passing: 10, Warning: 3 };
  it.each([
    ['passing', ['passing', 'passing'], weights, 'ready', 10],
    ['without checks', [], weights, 'ready', 10],
    ['without a list of checks', null, weights, 'ready', 10],
    ['with a warning', ['passing', 'warning'], weights, 'ready', 3],
    ['critical', ['warning', 'critical', 'passing'], weights, 'not-ready', 3],
    ['in maintenance, a critical check of its own', ['passing', 'critical'], weights, 'not-ready', 10],
    ['in a state that is not known', ['passing', 'unheard-of'], weights, 'not-ready', 10],
    ['of weight 0 when it is well', ['passing'], { Passing: 0, Warning: 1 }, 'not-ready', undefined],
    ['of weight 0 with a warning', ['warning'], { Passing: 5, Warning: 0 }, 'not-ready', undefined],
    ['without weights', ['passing'], null, 'ready', undefined],
    ['of weight 1', ['passing'], { Passing: 1, Warning: 1 }, 'ready', undefined],
    ['of a weight beyond bounds', ['passing'], { Passing: 1e9, Warning: 1 }, 'ready', 65_535],
  ] as const)('that is %s', async (_, statuses, itsWeights, state, weight) => {
    const instance = { statuses: statuses && [...statuses], weights: itsWeights };
    expect((await told(instance)).map((each) => [each.state, each.weight])).toEqual([[state, weight]]);
  });

  it('with a warning gets no calls where only passing ones do', async () => {
    agent.put([{ ...one, statuses: ['warning'] }, two]);
    const observed = watching({ onlyPassing: true });
    await expect
      .poll(() => observed.told.at(-1)?.endpoints.map(({ state }) => state))
      .toEqual(['not-ready', 'ready']);
  });

  it.each([
    [
      'its own locality',
      { Service: { Locality: { Region: 'r', Zone: 'z' } }, Node: { Meta: { zone: 'x' } } },
    ],
    ["its node's locality", { Node: { Locality: { Region: 'r', Zone: 'z' }, Meta: { zone: 'x' } } }],
    ["its node's metadata", { Node: { Meta: { region: 'r', zone: 'z' } } }],
  ])('is where %s says', async (_, more) => {
    expect((await told({ ...one, more }))[0]).toMatchObject({ region: 'r', zone: 'z' });
  });

  it.each([[[0, 1]], [[1, 0]]])('counts with the better of two registrations: %j', async (order) => {
    const dead = { ...one, id: 'old', statuses: ['critical'] };
    const both = [dead, { ...one, id: 'new' }];
    const endpoints = await told(...order.map((index) => both[index]!));
    expect(endpoints.map(({ state, hostname }) => [state, hostname])).toEqual([['ready', 'node-of-new']]);
  });

  it('that nobody can call is left out, with a word', async () => {
    agent.put([one, { id: 'name', address: 'db.example.org' }, { id: 'portless', port: 0 }]);
    const { last, warnings, errors } = watching();
    await expect.poll(last).toEqual(['10.0.0.1:50051']);
    expect(warnings).toEqual([
      'service web: instances without a port or an IP address: name (db.example.org:50051), portless (10.0.0.1:0)',
    ]);
    expect(errors).toEqual([]);
  });

  it('that nobody can call, and no other: that is an error, which ends with the first good one', async () => {
    agent.put([one]);
    const { last, log, failures } = watching();
    await expect.poll(last).toEqual(['10.0.0.1:50051']);
    agent.put([{ ...one, port: 0 }]);
    await expect.poll(() => log).toEqual(['set', 'NO_PORT']);
    expect(failures[0]!.message).toBe(
      'service web: instances without a port or an IP address: web-1 (10.0.0.1:0)',
    );
    agent.put([one]);
    await expect.poll(() => log).toEqual(['set', 'NO_PORT', 'recovered']);
  });
});

describe('an agent that does not answer the question', () => {
  const plain = (status: number, body: string) => (response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'text/plain' }).end(body);

  it.each([
    [
      403,
      'Permission denied',
      'FORBIDDEN',
      /403 .*"Permission denied"; the token needs .* service "web" \{ policy = "read"/,
    ],
    [
      403,
      'ACL not found',
      'UNAUTHORIZED',
      /403 for service web: "ACL not found"; it does not know the token$/,
    ],
    [401, '', 'UNAUTHORIZED', /^Consul answers 401/],
    [404, 'not here', 'INVALID', /404 .*; is it an agent's HTTP API\?$/],
    [500, 'No cluster leader\n', 'UNREACHABLE', /500 for service web: "No cluster leader"$/],
    [500, 'No path to datacenter', 'UNREACHABLE', /"No path to datacenter"$/],
    [429, 'rate limit', 'UNREACHABLE', /429/],
    [302, '', 'UNREACHABLE', /302/],
    [503, 'x'.repeat(1_000_000), 'UNREACHABLE', /^.{0,300}$/],
    [
      200,
      '<html>Sign in</html>',
      'INVALID',
      /^Consul answers text\/plain instead of JSON: "<html>Sign in<\/html>"$/,
    ],
  ])('says a refusal once, keeps the last set and goes on: %i', async (status, body, code, reason) => {
    agent.put([one]);
    const { log, failures, last } = watching();
    await expect.poll(() => agent.waiting).toBe(1);
    agent.respond = plain(status, body);
    agent.wake();
    const before = agent.requests.length;
    await expect.poll(() => agent.requests.length).toBeGreaterThan(before + 5);
    expect(log).toEqual(['set', code]);
    expect(failures[0]!.message).toEqual(text(reason));
    agent.respond = undefined;
    await expect.poll(() => log).toEqual(['set', code, 'recovered']);
    expect(last()).toEqual(['10.0.0.1:50051']);
  });

  it.each([
    '{}',
    'null',
    '[',
    '',
    '[null]',
    '[{"Node":{"Node":"n","Address":"10.0.0.1"},"Service":{"ID":"a","Port":70000}}]',
    '[{"Node":{"Node":"n","Address":"10.0.0.1"},"Service":{"ID":"a","Port":1,"Weights":{"Passing":-1,"Warning":0}}}]',
  ])('with JSON that is no list of instances: %s', async (body) => {
    agent.respond = (response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '1' }).end(body);
    const { log, failures } = watching();
    await expect.poll(() => log).toEqual(['INVALID']);
    expect(failures[0]!.message).toEqual(text(/^Consul sent what is no (JSON|list of instances)/));
  });

  it('with more bytes than anybody wants', async () => {
    agent.respond = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '1' });
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(1 << 20)));
      };
      response.on('drain', more);
      more();
    };
    const { failures } = watching({ backoff: { initialMs: 60_000 } });
    await expect
      .poll(() => failures[0]?.message, { timeout: 20_000 })
      .toEqual("Consul's response has more than 67108864 bytes");
  }, 30_000);

  it('with more instances than anybody wants', async () => {
    agent.put(Array.from({ length: 20_001 }, (_, index) => ({ id: `${index}`, port: index + 1 })));
    const { failures, log } = watching({ backoff: { initialMs: 60_000 } });
    await expect.poll(() => log).toEqual(['TOO_MANY']);
    expect(failures[0]!.message).toBe('service web has 20001 instances; at most 20000 are used');
  });

  it('in time, or breaks in the middle', async () => {
    agent.respond = () => {};
    const { failures } = watching({ requestTimeoutMs: 30 });
    await expect.poll(() => failures[0]?.message).toBe(`Consul ${agent.url}: no response within 30 ms`);
    agent.respond = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '1' }).write('[');
      setImmediate(() => response.destroy());
    };
    await expect.poll(() => failures.at(-1)?.message).toEqual(text(/ECONNRESET|aborted/));
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['UNREACHABLE']));
  });

  it('but for what the token may see: nothing at all is an error, a part is a warning', async () => {
    agent.put([one, two]);
    const { log, failures, warnings, last } = watching();
    await expect.poll(() => agent.waiting).toBe(1);
    agent.headers = { 'x-consul-results-filtered-by-acls': 'true' };
    agent.put([]);
    await expect.poll(() => log).toEqual(['set', 'FORBIDDEN']);
    expect(failures[0]!.message).toEqual(
      text(/^Consul leaves out all instances of service web; the token needs/),
    );
    agent.put([one]);
    await expect.poll(last).toEqual(['10.0.0.1:50051']);
    expect(warnings).toEqual([
      'the token may not read all instances of service web: the others are left out',
    ]);
  });

  it('to somebody anonymous: nothing is an error only where all is forbidden by default', async () => {
    agent.put([one]);
    const { log } = watching();
    const withToken = watching({ token: 'known' });
    await expect.poll(() => agent.waiting).toBe(2);
    agent.headers = { 'x-consul-default-acl-policy': 'deny' };
    agent.put([]);
    await expect.poll(() => log).toEqual(['set', 'FORBIDDEN']);
    await expect.poll(() => withToken.log).toEqual(['set', 'set']);
    agent.headers = { 'x-consul-default-acl-policy': 'allow' };
    await expect.poll(() => log).toEqual(['set', 'FORBIDDEN', 'set', 'recovered']);
  });

  it('for it knows no leader: that it has no instances means nothing then', async () => {
    agent.put([one]);
    const { log, failures } = watching({ consistency: 'stale' });
    await expect.poll(() => agent.waiting).toBe(1);
    agent.headers = { 'x-consul-knownleader': 'false' };
    agent.put([]);
    await expect.poll(() => log).toEqual(['set', 'UNREACHABLE']);
    expect(failures[0]!.message).toBe(`Consul ${agent.url} knows no leader, and no instance of web`);
    agent.put([two]);
    await expect.poll(() => log).toEqual(['set', 'UNREACHABLE', 'set', 'recovered']);
  });
});
