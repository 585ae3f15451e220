import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from '../testing/harness.ts';
import { scriptedBackend, type ScriptedBackend } from '../testing/scripted-backend.ts';

/** Backends that answer with their own number, but for those that fail. */
async function backends(count: number, failing: readonly number[] = []): Promise<ScriptedBackend[]> {
  return Promise.all(
    Array.from({ length: count }, (_, number) =>
      scriptedBackend({
        onEnd: (call) =>
          failing.includes(number) ? call.trailersOnly(14) : call.reply(Buffer.from(`${number}`)),
      }),
    ),
  );
}

const closeAll = async (all: readonly ScriptedBackend[]) => {
  await Promise.all(all.map((one) => one.close()));
};

const addresses = (all: readonly ScriptedBackend[]) => all.map(({ address }) => address);

const states = (proxy: RunningProxy) =>
  new Map(
    proxy
      .status()
      .services.flatMap(({ endpoints }) => endpoints.map(({ address, state }) => [address, state])),
  );

const allReady = (proxy: RunningProxy) =>
  expect.poll(() => [...states(proxy).values()].every((state) => state === 'ready')).toBe(true);

/** How often each backend answered, one call after the other by one connection. */
async function ask(
  proxy: RunningProxy,
  calls: number,
  metadata: (index: number) => Record<string, string> = () => ({}),
) {
  const client = new GrpcClient(proxy.address);
  const counts = new Map<string, number>();
  for (let index = 0; index < calls; index++) {
    const { code, messages } = await client.unary('ping', { metadata: metadata(index) });
    const who = messages[0] ?? code;
    counts.set(who, (counts.get(who) ?? 0) + 1);
  }
  client.close();
  return Object.fromEntries(counts);
}

describe('each call is balanced, all by one client connection', () => {
  it('round robin', async () => {
    const all = await backends(3);
    await using proxy = await startProxy(oneService(addresses(all)));
    await allReady(proxy);
    expect(await ask(proxy, 30)).toEqual({ 0: 10, 1: 10, 2: 10 });
    await closeAll(all);
  });

  it.each(['round-robin', 'weighted-round-robin'])(
    'by the weights of endpoints: %s',
    async (loadBalancing) => {
      const all = await backends(2);
      const [a, b] = all.map(({ port }) => `address: 127.0.0.1, port: ${port}`);
      await using proxy = await startProxy(`services:
  echo:
    source: { static: { endpoints: [{ ${a}, weight: 3 }, { ${b} }] } }
    policy: { loadBalancing: ${loadBalancing} }
routes: [{ match: {}, to: [{ service: echo }] }]
`);
      await allReady(proxy);
      expect(await ask(proxy, 40)).toEqual({ 0: 30, 1: 10 });
      await closeAll(all);
    },
  );

  it('ring hash: the same header goes to the same endpoint, others elsewhere', async () => {
    const all = await backends(4);
    const policy = '    policy: { loadBalancing: ring-hash, hashHeader: x-session }';
    await using proxy = await startProxy(oneService(addresses(all), policy));
    await allReady(proxy);
    expect(Object.values(await ask(proxy, 10, () => ({ 'x-session': 'one' })))).toEqual([10]);
    const others = await ask(proxy, 40, (index) => ({ 'x-session': `session ${index}` }));
    expect(Object.keys(others).length).toBeGreaterThan(2);
    await closeAll(all);
  });

  it.each([
    { zonePreference: 'failover', mostElsewhere: 0 },
    { zonePreference: 'weighted', mostElsewhere: 1 },
  ])('prefers its own zone: $zonePreference', async ({ zonePreference, mostElsewhere }) => {
    const all = await backends(2);
    const [a, b] = all.map(({ port }) => `address: 127.0.0.1, port: ${port}`);
    const config = `services:
  echo:
    source: { static: { endpoints: [{ ${a}, zone: here }, { ${b}, zone: there }] } }
    policy: { loadBalancing: weighted-round-robin, zonePreference: ${zonePreference} }
routes: [{ match: {}, to: [{ service: echo }] }]
`;
    await using proxy = await startProxy(config, ['--zone', 'here']);
    await allReady(proxy);
    const { 0: here = 0, 1: there = 0 } = await ask(proxy, 30);
    expect(there).toBeLessThanOrEqual(mostElsewhere);
    expect(here + there).toBe(30);
    // The zone is lost: the other one takes over.
    await all[0]!.close();
    await expect.poll(() => states(proxy).get(all[0]!.address)).toBe('unreachable');
    expect(await ask(proxy, 10)).toEqual({ 1: 10 });
    await closeAll(all);
  });
});

describe('endpoints that do not do well', () => {
  it('an outlier is ejected after failures in a row; the others get its calls', async () => {
    const all = await backends(3, [2]);
    const policy = '    policy: { outlierDetection: { consecutiveFailures: 3, maxEjectionPercent: 50 } }';
    await using proxy = await startProxy(oneService(addresses(all), policy));
    await allReady(proxy);
    expect(await ask(proxy, 30)).toMatchObject({ UNAVAILABLE: 3 });
    expect(await ask(proxy, 20)).toEqual({ 0: 10, 1: 10 });
    expect(states(proxy).get(all[2]!.address)).toBe('ejected');
    await closeAll(all);
  });

  it('one that closes its port gets no calls, and gets them again when it is back', async () => {
    const all = await backends(2);
    await using proxy = await startProxy(oneService(addresses(all)));
    await allReady(proxy);
    const { port, address } = all[1]!;
    await all[1]!.close();
    await expect.poll(() => states(proxy).get(address)).toBe('unreachable');
    expect(await ask(proxy, 10)).toEqual({ 0: 10 });
    const back = await scriptedBackend({ onEnd: (call) => call.reply(Buffer.from('back')) }, { port });
    await allReady(proxy);
    expect(await ask(proxy, 10)).toEqual({ 0: 5, back: 5 });
    await closeAll([all[0]!, back]);
  });
});

it('a canary gets its share whatever the number of endpoints, and all calls with the header', async () => {
  const stable = await backends(3);
  const canary = await scriptedBackend({ onEnd: (call) => call.reply(Buffer.from('canary')) });
  const endpoints = addresses(stable)
    .map((address) => `'${address}'`)
    .join(', ');
  await using proxy = await startProxy(`services:
  echo:
    source: { static: { endpoints: [${endpoints}] } }
    subsets: { v2: { source: { static: { endpoints: ['${canary.address}'] } } } }
routes:
  - match: { headers: [{ name: x-canary, exact: always }] }
    to: [{ service: echo, subset: v2 }]
  - match: {}
    to: [{ service: echo, weight: 3 }, { service: echo, subset: v2 }]
`);
  await allReady(proxy);
  expect(await ask(proxy, 5, () => ({ 'x-canary': 'always' }))).toEqual({ canary: 5 });
  const { canary: share = 0 } = await ask(proxy, 200);
  // Binomial with p = 1/4: five standard deviations to each side.
  expect(share).toBeGreaterThan(50 - 31);
  expect(share).toBeLessThan(50 + 31);
  await closeAll([...stable, canary]);
});

it('while a call waits, an endpoint that is away is tried again and again, whatever the back-off', async () => {
  let attempts = 0;
  const hangsUp = createServer((socket) => {
    attempts++;
    socket.destroy();
  });
  hangsUp.listen(0, '127.0.0.1');
  await once(hangsUp, 'listening');
  const { port } = hangsUp.address() as AddressInfo;
  await using proxy = await startProxy(oneService([`127.0.0.1:${port}`]), ['--connect-wait', '2s']);
  const client = new GrpcClient(proxy.address);
  expect(await client.unary()).toMatchObject({ code: 'UNAVAILABLE' });
  expect(attempts).toBeGreaterThan(10); // by the back-off alone it would be six
  client.close();
  hangsUp.close();
});
