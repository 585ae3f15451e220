import { authority, ManagedProcess, secretFolder } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxyWith } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';
import { SteadyLoad } from '../testing/steady-load.ts';
import { XdsServerProcess } from '../testing/xds-server.ts';

const named = (name: string) => scriptedBackend({ onEnd: (call) => call.reply(Buffer.from(name)) });

const startProxy = (server: { address: string }, ...flags: string[]) =>
  startProxyWith(['--xds-server', server.address, '--id', 'proxy-1', ...flags]);

/** Who answers so many calls, and how often. */
async function ask(client: GrpcClient, calls: number) {
  const counts: Record<string, number> = {};
  for (let call = 0; call < calls; call++) {
    const { code, messages } = await client.unary();
    const who = messages[0] ?? code;
    counts[who] = (counts[who] ?? 0) + 1;
  }
  return counts;
}

describe.each(['delta', 'sotw'])('routes and endpoints from the xds-server by %s', (variant) => {
  it('scale up and down, another share, a bad config, a restart', { timeout: 60_000 }, async () => {
    await using a = await named('a');
    await using b = await named('b');
    await using server = await XdsServerProcess.start(oneService([a.address]));
    await using proxy = await startProxy(server, '--xds-variant', variant);
    const client = new GrpcClient(proxy.address);
    expect(await ask(client, 4)).toEqual({ a: 4 });

    await server.write(oneService([a.address, b.address]));
    await expect.poll(async () => ask(client, 10)).toEqual({ a: 5, b: 5 });
    await server.write(oneService([b.address]));
    await expect.poll(async () => ask(client, 4)).toEqual({ b: 4 });

    const shares = (first: number, second: number) => `services:
  one: { source: { static: { endpoints: ['${a.address}'] } } }
  two: { source: { static: { endpoints: ['${b.address}'] } } }
routes: [{ match: {}, to: [{ service: one, weight: ${first} }, { service: two, weight: ${second} }] }]
`;
    await server.write(shares(95, 5));
    // Binomial with n = 100, p = 0.95: 20 and more elsewhere is beyond six standard deviations.
    await expect.poll(async () => (await ask(client, 100))['a'] ?? 0).toBeGreaterThan(80);
    await server.write(shares(50, 50));
    await expect.poll(async () => (await ask(client, 100))['b'] ?? 0).toBeGreaterThan(25);

    await server.write('services: { one: { source: { dnsSrv: {} } } }\n');
    await expect.poll(async () => (await server.status()).refusedConfig).toBeDefined();
    const { a: first = 0, b: second = 0 } = await ask(client, 20);
    expect(first + second).toBe(20);

    await server.write(shares(0, 1));
    // 40 calls, because at 50 to 50 every sixteenth sample of four would have them all from b.
    await expect.poll(async () => ask(client, 40)).toEqual({ b: 40 });
    const comeBack = await server.stop();
    expect(await ask(client, 4)).toEqual({ b: 4 });
    await server.write(shares(1, 0));
    await comeBack();
    await expect.poll(async () => ask(client, 4), { timeout: 15_000 }).toEqual({ a: 4 });
    client.close();
  });
});

it('the server restarts under load: no call fails', { timeout: 60_000 }, async () => {
  await using a = await scriptedBackend({ onEnd: (call) => call.reply(call.content.subarray(5)) });
  await using b = await scriptedBackend({ onEnd: (call) => call.reply(call.content.subarray(5)) });
  await using server = await XdsServerProcess.start(oneService([a.address, b.address]));
  await using proxy = await startProxy(server);
  const load = new SteadyLoad(proxy.address, 100);
  await expect.poll(() => load.done).toBeGreaterThan(20);
  const connects = a.connections + b.connections;
  for (let restart = 0; restart < 2; restart++) {
    const comeBack = await server.stop();
    await comeBack();
    const isBack = async () => (await server.status()).clients.map(({ node }) => node);
    await expect.poll(isBack, { timeout: 15_000 }).toEqual(['proxy-1']);
  }
  const before = load.done;
  await expect.poll(() => load.done).toBeGreaterThan(before + 50);
  await load.stop();
  expect(load.failed).toEqual([]);
  expect(a.connections + b.connections).toBe(connects);
});

it(
  'without a server at the start the proxy waits, and serves when it is there',
  { timeout: 60_000 },
  async () => {
    await using a = await named('a');
    await using server = await XdsServerProcess.start(oneService([a.address]));
    const comeBack = await server.stop();
    const starting = startProxy({ address: server.address });
    await comeBack();
    await using proxy = await starting;
    const client = new GrpcClient(proxy.address);
    expect(await ask(client, 2)).toEqual({ a: 2 });
    client.close();
  },
);

it(
  'listeners of the config, by name; zones by the priorities that the server sends',
  { timeout: 60_000 },
  async () => {
    await using a = await named('a');
    await using b = await named('b');
    const at = ({ port }: { port: number }, zone: string) =>
      `{ address: 127.0.0.1, port: ${port}, zone: ${zone} }`;
    await using server = await XdsServerProcess.start(`services:
  echo:
    source: { static: { endpoints: [${at(a, 'here')}, ${at(b, 'there')}] } }
    policy: { zonePreference: failover, loadBalancing: least-request }
listeners:
  - { name: in, address: 127.0.0.1, port: 0, routes: [{ match: {}, to: [{ service: echo }] }] }
  - { name: other, address: 127.0.0.1, port: 0 }
`);
    await using proxy = await startProxy(server, '--xds-listeners', 'in', '--zone', 'there');
    expect([...proxy.ports.keys()]).toEqual(['in']);
    const client = new GrpcClient(proxy.address);
    expect(await ask(client, 10)).toEqual({ b: 10 });
    await b.close();
    await expect.poll(async () => ask(client, 4)).toEqual({ a: 4 });
    client.close();
  },
);

it('by mutual TLS, with files that name what is wrong with them', { timeout: 60_000 }, async () => {
  await using a = await named('a');
  const ca = await authority('proxy and server');
  const [own, ours] = await Promise.all([
    ca.issue('xds-server', { ips: ['127.0.0.1'] }),
    ca.issue('proxy', { uris: ['spiffe://example.org/proxy'] }),
  ]);
  const files = {
    'ca.crt': ca.cert,
    'own.crt': own.cert,
    'own.key': own.key,
    'ours.crt': ours.cert,
    'ours.key': ours.key,
  };
  const folder = await secretFolder(files);
  const path = (name: keyof typeof files) => folder.path(name);
  const tls = [
    '--tls-cert',
    path('own.crt'),
    '--tls-key',
    path('own.key'),
    '--tls-client-ca',
    path('ca.crt'),
  ];
  await using server = await XdsServerProcess.start(oneService([a.address]), tls);
  const shown = [
    '--xds-tls-ca',
    path('ca.crt'),
    '--xds-tls-cert',
    path('ours.crt'),
    '--xds-tls-key',
    path('ours.key'),
  ];
  await using proxy = await startProxy(server, ...shown);
  const client = new GrpcClient(proxy.address);
  expect(await ask(client, 2)).toEqual({ a: 2 });
  client.close();
  const missing = `${path('ca.crt')}.gone`;
  await expect(startProxy(server, '--xds-tls-ca', missing)).rejects.toThrow(`--xds-tls-ca ${missing}`);
  await folder.remove();
});

it('SIGTERM ends it while it still waits for its first config', { timeout: 30_000 }, async () => {
  const main = new URL('../../dist/main.js', import.meta.url).pathname;
  const options = ['--xds-server', '127.0.0.1:1', '--admin-host', '127.0.0.1', '--admin-port', '0'];
  const program = new ManagedProcess({
    name: 'l7-proxy',
    command: [process.execPath, main, ...options, '--exit-with-parent'],
  });
  await program.listening(['admin'], 20_000);
  await program.stop(20_000);
  expect(program.exit).toMatchObject({ code: 0 });
});
