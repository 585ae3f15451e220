import { Server, ServerCredentials } from '@grpc/grpc-js';
import {
  HealthCheckResponse_ServingStatus as Serving,
  HealthService,
  type HealthServer,
} from '@evenly/proto/grpc/health/v1/health';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from '../testing/harness.ts';
import { scriptedBackend, type BackendCall, type ScriptedBackend } from '../testing/scripted-backend.ts';

/*
 * Each policy of the mesh config at work in the proxy, through real sockets. That the policies do well what they do is the
 * business of libs/balancing; round robin, weights, ring hash and zones are in cluster.spec.ts.
 */

type Behaviour = (call: BackendCall, index: number) => void;
const backendsOf = (...behaviours: Behaviour[]) =>
  Promise.all(behaviours.map((onEnd) => scriptedBackend({ onEnd })));
const addresses = (all: readonly ScriptedBackend[]) => all.map(({ address }) => address);
const closeAll = (all: readonly ScriptedBackend[]) => Promise.all(all.map((one) => one.close()));
const good: Behaviour = (call) => call.reply();
const bad: Behaviour = (call) => call.trailersOnly(14);
const after =
  (ms: number): Behaviour =>
  (call) =>
    void setTimeout(() => call.reply(), ms);

const states = (proxy: RunningProxy) => proxy.status().services[0]!.endpoints.map(({ state }) => state);
const allReady = (proxy: RunningProxy) =>
  expect.poll(() => states(proxy).every((state) => state === 'ready')).toBe(true);

const withPolicy = (all: readonly ScriptedBackend[], policy: string) =>
  startProxy(oneService(addresses(all), `    policy: { ${policy} }`));

/** So many calls, some at a time. @returns how many each code got */
async function calls(proxy: RunningProxy, count: number, atATime = 1) {
  const client = new GrpcClient(proxy.address);
  const codes: Record<string, number> = {};
  const worker = async () => {
    while (count-- > 0) {
      const { code } = await client.unary();
      codes[code] = (codes[code] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  client.close();
  return codes;
}

describe('who gets the next call', () => {
  it.each(['least-request', 'peak-ewma'])(
    '%s: a slow endpoint gets far fewer than a fast one',
    async (loadBalancing) => {
      const all = await backendsOf(after(1), after(60));
      await using proxy = await withPolicy(all, `loadBalancing: ${loadBalancing}`);
      await allReady(proxy);
      await calls(proxy, 200, 8);
      const [fast, slow] = all.map((one) => one.calls.length);
      expect(fast! + slow!).toBe(200);
      expect(slow).toBeLessThan(fast! / 2);
      await closeAll(all);
    },
  );

  it.each(['round-robin', 'least-request'])(
    'the own zone counts a thousandfold with %s and weighted preference',
    async (loadBalancing) => {
      const all = await backendsOf(good, good);
      const [a, b] = all.map(({ port }) => `address: 127.0.0.1, port: ${port}`);
      const config = `services:
  echo:
    source: { static: { endpoints: [{ ${a}, zone: here }, { ${b}, zone: there }] } }
    policy: { loadBalancing: ${loadBalancing}, zonePreference: weighted }
routes: [{ match: {}, to: [{ service: echo }] }]
`;
      await using proxy = await startProxy(config, ['--zone', 'here']);
      await allReady(proxy);
      await calls(proxy, 40);
      // 0.04 are expected elsewhere.
      expect(all[1]!.calls.length).toBeLessThan(4);
      await closeAll(all);
    },
  );

  it('slow start: a new endpoint gets a small share at first', { timeout: 20_000 }, async () => {
    const all = await backendsOf(good, good);
    // So little aggression that for half of the window a new endpoint has the least weight.
    const policy = '    policy: { slowStart: { window: 2s, aggression: 0.1, minWeightPercent: 1 } }';
    await using proxy = await startProxy(oneService([all[0]!.address], policy));
    await allReady(proxy);
    const startedAtMs = performance.now();
    await expect.poll(() => performance.now() - startedAtMs, { timeout: 10_000 }).toBeGreaterThan(2100);
    await proxy.write(oneService(addresses(all), policy));
    await expect.poll(() => states(proxy)).toEqual(['ready', 'ready']);
    expect(await calls(proxy, 40)).toEqual({ OK: 40 });
    expect(all[1]!.calls.length).toBeLessThan(10);
    await closeAll(all);
  });
});

describe('who gets none', () => {
  it('one may always be ejected, however small the share that the config allows', async () => {
    const all = await backendsOf(good, good, bad);
    await using proxy = await withPolicy(all, 'outlierDetection: { consecutiveFailures: 2 }');
    await allReady(proxy);
    expect(await calls(proxy, 30)).toEqual({ OK: 28, UNAVAILABLE: 2 });
    expect(states(proxy).filter((state) => state === 'ejected')).toHaveLength(1);
    await closeAll(all);
  });

  it('by the share of failures in an interval, and back after its time', { timeout: 20_000 }, async () => {
    const all = await backendsOf(good, (call, index) => (index < 10 ? bad : good)(call, index));
    const failurePercentage = '{ thresholdPercent: 50, minimumHosts: 2, requestVolume: 5 }';
    await using proxy = await withPolicy(
      all,
      `outlierDetection: { consecutiveFailures: 0, interval: 1s, baseEjectionTime: 1s, failurePercentage: ${failurePercentage} }`,
    );
    await allReady(proxy);
    expect(await calls(proxy, 20)).toEqual({ OK: 10, UNAVAILABLE: 10 });
    await expect.poll(() => states(proxy).includes('ejected'), { timeout: 10_000 }).toBe(true);
    await expect.poll(() => states(proxy), { timeout: 10_000 }).toEqual(['ready', 'ready']);
    await closeAll(all);
  });

  it.each([
    { panicThresholdPercent: 0, expected: { OK: 20 } },
    { panicThresholdPercent: 60, expected: { OK: 10, UNAVAILABLE: 10 } },
  ])(
    'panic below $panicThresholdPercent %: ejected ones get calls again',
    async ({ panicThresholdPercent, expected }) => {
      const all = await backendsOf(good, bad);
      const outliers = 'outlierDetection: { consecutiveFailures: 1, maxEjectionPercent: 50 }';
      await using proxy = await withPolicy(
        all,
        `panicThresholdPercent: ${panicThresholdPercent}, ${outliers}`,
      );
      await allReady(proxy);
      await calls(proxy, 2);
      expect(states(proxy).sort()).toEqual(['ejected', 'ready']);
      expect(await calls(proxy, 20)).toEqual(expected);
      await closeAll(all);
    },
  );

  it(
    'an endpoint that says NOT_SERVING by grpc.health.v1, until it serves again',
    { timeout: 20_000 },
    async () => {
      const pods = await Promise.all([healthyPod('a'), healthyPod('b')]);
      const check =
        '    healthCheck: { grpcService: echo.EchoServer, interval: 50ms, timeout: 1s, healthyThreshold: 1, unhealthyThreshold: 1 }';
      await using proxy = await startProxy(
        oneService(
          pods.map(({ address }) => address),
          check,
        ),
      );
      const client = new GrpcClient(proxy.address);
      const who = async () => {
        const answers = [];
        for (let call = 0; call < 4; call++) answers.push((await client.unary()).messages[0]);
        return answers.sort();
      };
      await expect.poll(who, { timeout: 10_000 }).toEqual(['a', 'a', 'b', 'b']);
      pods[1].serve(false);
      await expect.poll(who, { timeout: 10_000 }).toEqual(['a', 'a', 'a', 'a']);
      pods[1].serve(true);
      await expect.poll(who, { timeout: 10_000 }).toEqual(['a', 'a', 'b', 'b']);
      client.close();
      for (const pod of pods) pod.stop();
    },
  );
});

describe('circuit breakers', () => {
  it('calls that wait for a connection: more than maxPendingRequests are refused at once', async () => {
    const config = oneService(['127.0.0.1:1'], '    policy: { circuitBreaker: { maxPendingRequests: 1 } }');
    await using proxy = await startProxy(config, ['--connect-wait', '500ms']);
    const client = new GrpcClient(proxy.address);
    const first = client.unary();
    await expect.poll(() => proxy.status().services[0]!.waiting).toBe(1);
    expect(await client.unary()).toMatchObject({
      code: 'UNAVAILABLE',
      details: 'too many calls wait for echo',
    });
    expect((await first).code).toBe('UNAVAILABLE');
    client.close();
  });

  it('retries under way: more than maxRetries are not tried again', async () => {
    // The first attempts fail all at once; the only one that is tried again is answered.
    const held: BackendCall[] = [];
    const [backend] = await backendsOf((call, index) => {
      if (index >= 3) return call.reply();
      held.push(call);
      if (held.length === 3) for (const one of held) one.trailersOnly(14);
    });
    const retry = 'retry: { attempts: 2, backoff: { base: 200ms, max: 200ms } }';
    await using proxy = await withPolicy([backend!], `${retry}, circuitBreaker: { maxRetries: 1 }`);
    await allReady(proxy);
    const client = new GrpcClient(proxy.address);
    const codes = (await Promise.all([client.unary(), client.unary(), client.unary()])).map(
      ({ code }) => code,
    );
    expect(codes.sort()).toEqual(['OK', 'UNAVAILABLE', 'UNAVAILABLE']);
    client.close();
    await backend!.close();
  });
});

/** A gRPC server that answers with its name, and whose health a test changes. */
async function healthyPod(name: string) {
  let serving = true;
  const server = new Server();
  const health: Pick<HealthServer, 'check'> = {
    check: (_call, callback) => callback(null, { status: serving ? Serving.SERVING : Serving.NOT_SERVING }),
  };
  server.addService(HealthService, health);
  const bytes = (value: Buffer) => value;
  const serialization = {
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  server.addService(
    {
      sayHello: {
        path: '/echo.EchoServer/SayHello',
        requestStream: false,
        responseStream: false,
        ...serialization,
      },
    },
    {
      sayHello: (_call: unknown, callback: (error: null, reply: Buffer) => void) =>
        callback(null, Buffer.from(name)),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    serve: (now: boolean) => void (serving = now),
    stop: () => server.forceShutdown(),
  };
}
