import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '@evenly/endpoints';
import { echoClient, policyOptions } from '../testing/echo-client.ts';
import { echoServer, type EchoServerOptions } from '../testing/echo-server.ts';
import { fileTarget } from '../testing/file-target.ts';
import { goawayServer } from '../testing/goaway-server.ts';
import { register } from './index.ts';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
  register();
});

async function start(count: number, options?: EchoServerOptions) {
  const servers = await Promise.all(Array.from({ length: count }, () => echoServer(options)));
  ended.push(() => servers.forEach((server) => server.stop()));
  return servers;
}

/** A client of servers whose endpoints say more than an address, each by its place. */
async function clientOf(
  servers: Awaited<ReturnType<typeof start>>,
  policy: Record<string, unknown>,
  more: Partial<Endpoint>[] = [],
  serviceConfig: Record<string, unknown> = {},
) {
  const endpoints = servers.map(({ endpoint }, index) => ({ ...endpoint, ...more[index] }));
  const file = await fileTarget(...endpoints);
  const client = echoClient(file.target, policyOptions(policy, serviceConfig));
  ended.push(client.close);
  return { ...file, client, endpoints };
}

const names = (servers: { name: string }[]) => servers.map(({ name }) => name).sort();

describe('policies', () => {
  it('weighted round robin shares calls by the weights of endpoints, however large', async () => {
    const servers = await start(2);
    const weights = [{ weight: 750_000 }, { weight: 250_000 }];
    const { client } = await clientOf(servers, { evenly_weighted_round_robin: {} }, weights);
    await expect.poll(() => client.answering()).toEqual(names(servers));
    const counts = await client.counts(40);
    expect(counts.get(servers[0]!.name)).toBeGreaterThanOrEqual(29);
    expect(counts.get(servers[0]!.name)).toBeLessThanOrEqual(31);
  });

  it('least request and peak EWMA send few calls to an endpoint that is slow', async () => {
    for (const policy of [{ evenly_least_request: {} }, { evenly_peak_ewma: { decay: '30s' } }]) {
      const servers = await start(3);
      const { client } = await clientOf(servers, policy);
      servers[0]!.behaviour.delayMs = 300;
      await client.answering();
      const before = servers[0]!.calls();
      await Promise.all(Array.from({ length: 8 }, () => client.counts(25)));
      expect(servers[0]!.calls() - before).toBeLessThan(50); // a third would be 67
    }
  });

  it('least request shares calls that begin at the same moment evenly', async () => {
    const servers = await start(2);
    const { client } = await clientOf(servers, { evenly_least_request: {} });
    await expect.poll(() => client.answering()).toEqual(names(servers));
    for (const { behaviour } of servers) behaviour.delayMs = 300;
    const before = servers.map((server) => server.calls());
    await Promise.all(Array.from({ length: 80 }, () => client.call()));
    expect(servers.map((server, index) => server.calls() - before[index]!)).toEqual([40, 40]);
  });

  it('random shares calls by weight, and by chance', async () => {
    const servers = await start(2);
    const { client } = await clientOf(servers, { evenly_random: {} }, [{ weight: 9 }, {}]);
    await expect.poll(() => client.answering()).toEqual(names(servers));
    const before = servers.map((server) => server.calls());
    await client.counts(500);
    const counts = servers.map((server, index) => server.calls() - before[index]!);
    expect(counts[0]! + counts[1]!).toBe(500);
    // 6 sigma of a binomial is 40: by chance once in 10^9 runs.
    expect(Math.abs(counts[0]! - 450)).toBeLessThanOrEqual(40);
  });

  it('fails over from the own zone to the own region, and from there to the others', async () => {
    const servers = await start(4);
    const places = [
      { region: 'r', zone: 'a' },
      { region: 'r', zone: 'a' },
      { region: 'r', zone: 'b' },
      { region: 's', zone: 'a' },
    ];
    register({ region: 'r', zone: 'a' });
    const policy = { evenly_round_robin: { zonePreference: 'failover' } };
    const { client } = await clientOf(servers, policy, places);
    await expect.poll(() => client.answering()).toEqual(names(servers.slice(0, 2)));
    servers[0]!.stop();
    // All calls stay while one of the zone's can serve.
    await expect.poll(() => client.answering()).toEqual([servers[1]!.name]);
    servers[1]!.stop();
    await expect.poll(() => client.answering()).toEqual([servers[2]!.name]);
    servers[2]!.stop();
    await expect.poll(() => client.answering()).toEqual([servers[3]!.name]);
  });

  it('goes to the own zone a thousandfold as often, where that is what it is told', async () => {
    const servers = await start(2);
    register({ zone: 'a' });
    const policy = { evenly_weighted_round_robin: { zonePreference: 'weighted' } };
    const { client } = await clientOf(servers, policy, [{ zone: 'a' }, { zone: 'b' }]);
    await expect.poll(() => client.answering()).toContain(servers[0]!.name);
    expect((await client.counts(200)).get(servers[0]!.name) ?? 0).toBeGreaterThanOrEqual(197);
  });

  it('goes to the endpoints that the hints name for its node', async () => {
    const servers = await start(2);
    register({ node: 'n2' });
    const policy = { evenly_round_robin: { zonePreference: 'hints' } };
    const { client } = await clientOf(servers, policy, [{ forNodes: ['n1'] }, { forNodes: ['n2'] }]);
    await expect.poll(() => client.answering()).toEqual([servers[1]!.name]);
    expect(servers[0]!.calls()).toBe(0);
  });

  it('heeds the zone of an endpoint only where the policy says so', async () => {
    const servers = await start(2);
    register({ zone: 'a' });
    const { client } = await clientOf(servers, { evenly_round_robin: {} }, [{ zone: 'a' }, { zone: 'b' }]);
    await expect.poll(() => client.answering()).toEqual(names(servers));
  });

  it('uses a priority only while those before it cannot serve', async () => {
    const [first, backup] = await start(2);
    const priorities = [{ priority: 0 }, { priority: 1 }];
    const { client } = await clientOf([first!, backup!], { evenly_round_robin: {} }, priorities);
    await expect.poll(() => client.answering()).toEqual([first!.name]);
    expect(backup!.calls()).toBe(0);
    first!.stop();
    await expect.poll(() => client.answering()).toEqual([backup!.name]);
  });

  it('takes a part of many endpoints: always the same one, and numbered clients share them evenly', async () => {
    const servers = await start(3);
    const partOf = async (subset: object) => {
      const { client } = await clientOf(servers, { evenly_round_robin: { subset } });
      await expect.poll(async () => (await client.answering()).length).toBe(1);
      return (await client.answering())[0];
    };
    expect(await partOf({ size: 1, clientId: 'x' })).toBe(await partOf({ size: 1, clientId: 'x' }));
    const parts = [0, 1, 2, 3].map((clientIndex) => partOf({ size: 1, clientIndex }));
    expect([...new Set(await Promise.all(parts))].sort()).toEqual(names(servers));
  });

  it('opens several connections to an address, and calls go over all of them', async () => {
    const server = await goawayServer({ ageMs: 60_000, answerMs: 1, late: 'answered' });
    ended.push(server.stop);
    const { target } = await fileTarget({ address: '127.0.0.1', port: server.port });
    const client = echoClient(target, policyOptions({ evenly_round_robin: { connectionsPerAddress: 3 } }));
    ended.push(client.close);
    await client.answering(30);
    await expect.poll(() => server.seen.connections).toBe(3);
    await client.answering(30);
    expect(server.seen.connections).toBe(3);
  });

  it('says what is wrong with its part of the service config, where grpc-js would take pick_first silently', async () => {
    const servers = await start(1);
    for (const [policy, message] of [
      [
        { evenly_peak_ewma: { decay: 10 } },
        /UNAVAILABLE: the service config.*evenly_peak_ewma.decay: must be a duration such as "10s" or "0.5s", got 10$/,
      ],
      [
        { evenly_least_request: { choiceCount: 1 } },
        /evenly_least_request.choiceCount: must be at least 2, got 1$/,
      ],
      [{ evenly_round_robin: { zone: 'a' } }, /evenly_round_robin.zone: is not a field that is known here/],
      [
        { evenly_round_robin: { slowstart: {} } },
        /evenly_round_robin.slowstart: .*did you mean slowStart\?$/,
      ],
      [
        { evenly_round_robin: { zonePreference: 'near' } },
        /zonePreference: must be one of none, weighted, failover, hints, got "near"$/,
      ],
    ] as const) {
      const { client } = await clientOf(servers, policy);
      expect(await client.call()).toMatch(message);
    }
  });

  it.each([
    [[{ evenly_round_robbin: {} }], /UNAVAILABLE: file:.*no policy that can be used: .*evenly_round_robbin/],
    [[{ round_robbin: {} }, { least_request_x: {} }], /name round_robbin; .*name least_request_x/],
    [[{ outlier_detection: { child_policy: [{ evenly_rr: {} }] } }], /no policy.*outlier_detection: /],
  ])(
    'a policy that is mistyped, as in %j, is an error, not pick_first',
    async (loadBalancingConfig, message) => {
      const [server] = await start(1);
      const file = await fileTarget(server!.endpoint);
      const client = echoClient(file.target, {
        'grpc.service_config': JSON.stringify({ loadBalancingConfig }),
      });
      ended.push(client.close);
      expect(await client.call()).toMatch(message);
      expect(server!.calls()).toBe(0);
    },
  );

  it('a name that is not known is passed over where another follows (gRFC A24)', async () => {
    const servers = await start(2);
    const file = await fileTarget(...servers.map(({ endpoint }) => endpoint));
    const loadBalancingConfig = [{ of_the_future: {} }, { evenly_round_robin: {} }];
    const client = echoClient(file.target, {
      'grpc.service_config': JSON.stringify({ loadBalancingConfig }),
    });
    ended.push(client.close);
    await expect.poll(() => client.answering()).toEqual(names(servers));
  });

  it('stock policies get none that is not ready, whatever stands behind them in the list', async () => {
    const servers = await start(2);
    const states = [{}, { state: 'not-ready' as const }];
    const file = await fileTarget(
      ...servers.map(({ endpoint }, index) => ({ ...endpoint, ...states[index] })),
    );
    const loadBalancingConfig = [{ round_robin: {} }, { evenly_round_robin: {} }];
    const options = { 'grpc.service_config': JSON.stringify({ loadBalancingConfig }) };
    const client = echoClient(file.target, options);
    ended.push(client.close);
    await expect.poll(() => client.answering()).toEqual([servers[0]!.name]);
    expect(servers[1]!.calls()).toBe(0);
  });

  it('leaves stock policies as they are: they get the endpoints of the first priority', async () => {
    const servers = await start(3);
    const priorities = [{}, {}, { priority: 1 }];
    const { client } = await clientOf(servers, { round_robin: {} }, priorities);
    await expect.poll(() => client.answering()).toEqual(names(servers.slice(0, 2)));
    const first = await clientOf(servers, { pick_first: {} }, priorities);
    expect(await first.client.answering()).toHaveLength(1);
  });

  it.each([{ evenly_round_robin: {} }, { round_robin: {} }])(
    'an endpoint with several addresses is one, reached at whichever connects, with %o',
    async (policy) => {
      const servers = await start(2, { health: true });
      // The servers listen at 127.0.0.1 alone.
      const elsewhere = { address: '127.0.0.2', additionalAddresses: ['127.0.0.3', '127.0.0.1'] };
      const healthCheckConfig = { serviceName: 'echo.EchoServer' };
      const { client } = await clientOf(servers, policy, [elsewhere], { healthCheckConfig });
      await expect.poll(() => client.answering()).toEqual(names(servers));
      const counts = await client.counts(40);
      expect([...counts.values()]).toEqual([20, 20]);
    },
  );

  it('works with the stock resolvers', async () => {
    const [server] = await start(1);
    for (const target of [`dns:///localhost:${server!.name}`, `ipv4:127.0.0.1:${server!.name}`]) {
      const client = echoClient(target, policyOptions({ evenly_peak_ewma: {} }));
      ended.push(client.close);
      expect(await client.call()).toBe(server!.name);
    }
  });

  it('is ejected from by the stock outlier detection', async () => {
    const servers = await start(3);
    // grpc-js reads this one's fields in snake case and durations as objects, and takes pick_first where it cannot.
    const outlier = {
      interval: { seconds: 0, nanos: 200_000_000 },
      base_ejection_time: { seconds: 30, nanos: 0 },
      max_ejection_percent: 50,
      failure_percentage_ejection: { threshold: 50, minimum_hosts: 3, request_volume: 3 },
      child_policy: [{ evenly_round_robin: {} }],
    };
    const { client } = await clientOf(servers, { outlier_detection: outlier });
    await expect.poll(() => client.answering()).toEqual(names(servers));
    servers[0]!.behaviour.fails = true;
    await expect.poll(() => client.answering()).toEqual(names(servers.slice(1)));
  });

  it('keeps a service config without a policy, and adds ours to it', async () => {
    const [server] = await start(1, {});
    const { target } = await fileTarget(server!.endpoint);
    const methodConfig = [{ name: [{}], timeout: '1s' }];
    const client = echoClient(target, { 'grpc.service_config': JSON.stringify({ methodConfig }) });
    ended.push(client.close);
    expect(await client.call()).toBe(server!.name);
    server!.behaviour.delayMs = 3000;
    expect(await client.call()).toMatch(/DEADLINE_EXCEEDED/);
  });
});

describe('outlier detection', () => {
  const quick = { consecutiveFailures: 3, interval: '1s', baseEjectionTime: '1s', maxEjectionPercent: 50 };

  it('keeps calls from an endpoint that fails, and lets it back', async () => {
    const servers = await start(3);
    const { client } = await clientOf(servers, { evenly_round_robin: { outlierDetection: quick } });
    await expect.poll(() => client.answering()).toEqual(names(servers));
    servers[0]!.behaviour.fails = true;
    await expect.poll(() => client.answering()).toEqual(names(servers.slice(1)));
    servers[0]!.behaviour.fails = false;
    await expect.poll(() => client.answering()).toEqual(names(servers));
  });

  it('counts what failureCodes says, and nothing else', async () => {
    const servers = await start(2);
    const outlierDetection = { ...quick, failureCodes: ['INTERNAL'] };
    const { client } = await clientOf(servers, { evenly_round_robin: { outlierDetection } });
    await expect.poll(() => client.answering()).toEqual(names(servers));
    servers[0]!.behaviour.fails = true; // with UNAVAILABLE
    await client.answering();
    expect([...(await client.counts(20)).values()]).toEqual([10, 10]);
  });

  it('does not hold against an endpoint what the client cancels', async () => {
    const servers = await start(2);
    const { client } = await clientOf(servers, { evenly_round_robin: { outlierDetection: quick } });
    await expect.poll(() => client.answering()).toEqual(names(servers));
    servers[0]!.behaviour.delayMs = 60_000;
    const before = servers[0]!.calls();
    const cancelled: Promise<unknown>[] = [];
    for (let calls = 0; calls < 20; calls++) {
      cancelled.push(
        new Promise((resolve) => {
          const call = client.client.sayHello({ name: '' }, resolve);
          void expect
            .poll(() => servers[0]!.calls() - before)
            .toBe(10)
            .then(() => call.cancel());
        }),
      );
    }
    await Promise.all(cancelled);
    servers[0]!.behaviour.delayMs = 0;
    expect([...(await client.counts(20)).values()]).toEqual([10, 10]);
  });

  it.each([
    [50, /asked to fail/],
    [0, /no endpoint may get calls/],
  ])('of all endpoints, with a panic threshold of %i %', async (panicThresholdPercent, message) => {
    const servers = await start(2);
    const outlierDetection = { ...quick, baseEjectionTime: '100s', maxEjectionPercent: 100 };
    const policy = { evenly_round_robin: { outlierDetection, panicThresholdPercent } };
    const { client } = await clientOf(servers, policy);
    await expect.poll(() => client.answering()).toEqual(names(servers));
    for (const { behaviour } of servers) behaviour.fails = true;
    await client.counts(10);
    expect(await client.call()).toMatch(message);
  });

  it.each([
    [{ interval: 5 }, /evenly_round_robin.outlierDetection.interval/],
    [{ failureCodes: ['OK'] }, /outlierDetection.failureCodes.0/],
    [
      { failureCodes: [] },
      /outlierDetection.failureCodes: must have a number of entries of at least 1, got \[\]$/,
    ],
    [{ baseEjectionTime: '600s' }, /outlierDetection: must have a baseEjectionTime that is not more/],
    [{ consecutive5xx: 3 }, /consecutive5xx: is not a field that is known here/],
  ])('%j: says what is wrong with it', async (outlierDetection, message) => {
    const { client } = await clientOf(await start(1), { evenly_round_robin: { outlierDetection } });
    expect(await client.call()).toMatch(message);
  });
});

describe('health checks (gRFC A17)', () => {
  const healthCheckConfig = { serviceName: 'echo.EchoServer' };

  it('sends no calls where the server says that it is not serving, on the connection that stays', async () => {
    const servers = await start(2, { health: true });
    const { client } = await clientOf(servers, { evenly_round_robin: {} }, [], { healthCheckConfig });
    await expect.poll(() => client.answering()).toEqual(names(servers));
    expect(servers.map((server) => server.watchers())).toEqual([1, 1]);
    servers[0]!.setHealthy(false);
    await expect.poll(() => client.answering()).toEqual([servers[1]!.name]);
    servers[1]!.setHealthy(false);
    await expect.poll(() => client.call()).toMatch(/UNAVAILABLE.*echo.EchoServer is not serving/);
    servers[0]!.setHealthy(true);
    await expect.poll(() => client.answering()).toEqual([servers[0]!.name]);
    client.close();
    await expect.poll(() => servers.map((server) => server.watchers())).toEqual([0, 0]);
  });

  it('takes a server without a health service for healthy', async () => {
    const servers = await start(2);
    const { client } = await clientOf(servers, { evenly_round_robin: {} }, [], { healthCheckConfig });
    await expect.poll(() => client.answering()).toEqual(names(servers));
  });
});

describe('draining', () => {
  it('sends no new calls to an endpoint that terminates, and lets its calls end', async () => {
    const servers = await start(2);
    const { client, publish, endpoints } = await clientOf(servers, { evenly_round_robin: {} });
    await expect.poll(() => client.answering()).toEqual(names(servers));
    servers[0]!.behaviour.delayMs = 800;
    const running = Promise.all([client.call(), client.call()]);
    await publish({ ...endpoints[0], state: 'serving-terminating' }, endpoints[1]!);
    await expect.poll(() => client.answering()).toEqual([servers[1]!.name]);
    const seen = servers[0]!.calls();
    await client.answering();
    expect(servers[0]!.calls()).toBe(seen);
    await servers[0]!.drain();
    expect((await running).sort()).toEqual(names(servers));
  });

  it('uses endpoints that terminate while there is nothing else', async () => {
    const servers = await start(2);
    const { client, publish, endpoints } = await clientOf(servers, { evenly_round_robin: {} });
    await publish({ ...endpoints[0], state: 'serving-terminating' }, { ...endpoints[1], state: 'not-ready' });
    await expect.poll(() => client.answering()).toEqual([servers[0]!.name]);
  });

  it.each(['answered', 'refused'] as const)(
    'loses no call to a GOAWAY in two phases whose late streams are %s (grpc-node#2694)',
    async (late) => {
      // One only: grpc-js tries a refused call once more, and that must not meet the next GOAWAY.
      const servers = [200, 60_000].map((ageMs) => goawayServer({ ageMs, answerMs: 40, late }));
      const started = await Promise.all(servers);
      ended.push(() => started.forEach((server) => server.stop()));
      const { target } = await fileTarget(...started.map(({ port }) => ({ address: '127.0.0.1', port })));
      const client = echoClient(target);
      ended.push(client.close);
      const answers: string[] = [];
      const lateStreams = () => started.reduce((sum, { seen }) => sum + seen.lateStreams, 0);
      const connections = () => started.reduce((sum, { seen }) => sum + seen.connections, 0);
      const caller = setInterval(() => void client.call().then((answer) => answers.push(answer)), 1);
      await expect.poll(() => lateStreams() > 10 && connections() > 6, { timeout: 25_000 }).toBe(true);
      clearInterval(caller);
      expect(answers.filter((answer) => answer !== '')).toEqual([]); // its answers are empty, errors are not
    },
  );
});
