import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { eventually, isAlive } from '@evenly/local-cluster/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { LabStatus } from './lab.ts';
import { scenarios } from './scenarios.ts';
import { start } from './start.ts';
import { TestHost, testPrograms } from './testing/index.ts';

const anyPorts = ['--port', '0', '--lab-port', '0', '--xds-port', '0'];
const endings: (() => Promise<unknown>)[] = [];

async function startLab(host = new TestHost(), args: string[] = ['--output', 'json']) {
  const exit = start([...anyPorts, ...args], host.for(), testPrograms);
  endings.push(() => (host.signal('SIGTERM'), exit));
  const port = await eventually(() => {
    const ready = host.events.find(({ event }) => event === 'listening');
    expect(ready).toBeDefined();
    return ready!.port as number;
  });
  const status = async () => (await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as LabStatus;
  return { host, exit, port, status };
}
const pidsOf = ({ apps, services }: LabStatus) =>
  [...apps, ...services.flatMap(({ pods }) => pods)].map(({ pid }) => pid!);

afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

describe('lab start', () => {
  it('brings up DNS, two services, the xDS server and the frontend', async () => {
    const { status, host } = await startLab();
    const { dns, apps, services } = await status();
    expect(dns).toMatchObject({ state: 'running', address: '127.0.0.1' });
    expect(apps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'xds-server running',
      'frontend running',
      'client running',
    ]);
    expect(services.map(({ name, pods }) => [name, pods.map((pod) => pod.name)])).toEqual([
      ['be1-srv', ['be1-srv-1', 'be1-srv-2']],
      ['be2-srv', ['be2-srv-1', 'be2-srv-2']],
    ]);
    expect(host.events.at(-1)).toMatchObject({ what: 'lab', tries: expect.anything() as unknown });
  });

  it('gives the programs what they need, in files that go with the lab', async () => {
    const { status, host, exit } = await startLab();
    const { apps, dns } = await status();
    const [xds, frontend] = apps.map(({ ports }) => ports);
    const ask = async (at: { port: number } | undefined) =>
      (await (await fetch(`http://127.0.0.1:${at!.port}/`)).json()) as { args: string[]; bootstrap: string };
    const { args } = await ask(xds?.xds);
    expect(args.join(' ')).toContain(`--dns-servers 127.0.0.1:${dns.port} --refresh 2s --health-timeout 1s`);
    const config = args[args.indexOf('--config') + 1]!;
    const { services } = JSON.parse(await readFile(config, 'utf8')) as { services: unknown[] };
    expect(services).toMatchObject([
      { serviceName: 'be1-srv', portName: 'grpc', grpcServiceName: 'echo.EchoServer' },
      { serviceName: 'be2-srv' },
    ]);
    const { bootstrap } = await ask(frontend?.http);
    expect(JSON.parse(await readFile(bootstrap, 'utf8'))).toMatchObject({
      xds_servers: [{ server_uri: `127.0.0.1:${xds!.xds!.port}` }],
    });
    host.signal('SIGINT');
    await exit;
    expect(existsSync(path.dirname(config))).toBe(false);
  });

  it('ends with the signal, though npm sends it twice: exit code 0, no process left', async () => {
    const { status, host, exit } = await startLab();
    const pids = pidsOf(await status());
    expect(pids.every(isAlive)).toBe(true);
    host.signal('SIGINT');
    host.signal('SIGINT');
    expect(await exit).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends with a signal while it still starts', async () => {
    const host = new TestHost();
    const exit = start([...anyPorts, '--output', 'json'], host.for(), testPrograms);
    await eventually(() => expect(host.out).toContain('"what":"be1-srv, 2 pods'));
    host.signal('SIGINT');
    expect(await exit).toBe(0);
    expect(host.err).toBe('');
  });

  it('says on plain lines what goes on, when it is not in a terminal', async () => {
    const host = new TestHost();
    const exit = start(anyPorts, host.for(), testPrograms);
    await eventually(() => expect(host.out).toContain('Ctrl-C ends it all.'));
    expect(host.out).toMatch(/curl http:\/\/127\.0\.0\.1:\d+\/be1-srv +.*15 calls/);
    expect(host.out).toMatch(/npm run lab -- scale be1-srv 10 --lab-port \d+/);
    host.signal('SIGTERM');
    expect(await exit).toBe(0);
    expect(host.out).toMatch(/SIGTERM: ending\nall ended\n$/);
  });

  it.each(scenarios.map(({ name }) => name))('brings %s up, and all of it down again', async (name) => {
    const { status, host, exit } = await startLab(new TestHost(), ['--output', 'json', '--scenario', name]);
    const { scenario, apps, services } = await status();
    expect(scenario).toBe(name);
    expect(apps.at(-1)).toMatchObject({ name: 'client', state: 'running' });
    expect(services.find((service) => service.name === 'be1-srv')!.pods.length).toBeGreaterThan(1);
    const pids = pidsOf(await status());
    host.signal('SIGTERM');
    expect(await exit).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('runs on IPv6 loopback', async () => {
    const { status } = await startLab(new TestHost(), ['--output', 'json', '--host', '::1']);
    const { dns, services } = await status();
    expect([dns.address, services[0]?.pods[0]?.address]).toEqual(['::1', '::1']);
  });
});

describe('lab start refuses', () => {
  const startBadly = async (args: string[], host = new TestHost()) => {
    const code = await start([...anyPorts, ...args], host.for(), testPrograms);
    return { code, text: host.err };
  };

  it('bad options, all at once', async () => {
    const { code, text } = await startBadly(['--port', 'http', '--refresh', '1', '--host', '0.0.0.0']);
    expect(code).toBe(64);
    expect(text).toMatch(
      /--port: expected a port.*\n.*--refresh: expected a duration.*\n.*--host: expected one of/,
    );
  });

  it('an unknown scenario, naming the known ones', async () => {
    const { code, text } = await startBadly(['--scenario', 'linkerd']);
    expect(code).toBe(64);
    expect(text).toMatch(/no scenario "linkerd"; there are: clusterip, headless-dns, /);
  });

  it.each(['--port', '--xds-port', '--lab-port', '--dns-port'])(
    'a port in use, naming %s',
    async (option) => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const { code, text } = await startBadly([option, String(port)]);
      other.close();
      expect(code).toBe(69);
      expect(text).toMatch(new RegExp(`port ${port} \\(.*\\) is in use; choose another with ${option}`));
    },
  );

  it.each([
    ['a pod', 'grpc'],
    ['the xDS server', 'xds'],
    ['the frontend', 'http'],
  ])('%s that does not start, with its last lines', async (_, fault) => {
    const { code, text } = await startBadly([], new TestHost({ FAULT: fault }));
    expect(code).toBe(69);
    expect(text).toMatch(/exit code 1/);
    expect(text).toContain(`${fault} is out of order`);
  });

  it('apps that are not built', async () => {
    const host = new TestHost();
    const { builtPrograms } = await import('./programs.ts');
    expect(() => builtPrograms('node')('no-such-app' as 'frontend')).toThrow(
      /not built .* nx run-many -t build/,
    );
    expect(host.err).toBe('');
  });
});
