import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servingPod, svcConfig, xdsServerProcess } from './testing/harness.ts';

let pods: Awaited<ReturnType<typeof servingPod>>[];
let running: Awaited<ReturnType<typeof xdsServerProcess>> | undefined;
beforeEach(async () => (pods = await Promise.all([servingPod(), servingPod(), servingPod()])));
afterEach(async () => {
  for (const pod of pods) pod.stop();
  await running?.stop();
  running = undefined;
});

const ports = (...indices: number[]) => indices.map((index) => pods[index]!.port).sort();

async function start(config: string, ...args: string[]) {
  running = await xdsServerProcess(config, args);
  await running.started();
  return running;
}

describe('xds-server', () => {
  it('serves two services at once, follows DNS, and sends nothing when nothing changed', async () => {
    const server = await start(svcConfig('be1-srv', 'be2-srv'));
    server.publish('be1-srv', ...ports(0, 1));
    server.publish('be2-srv', ...ports(2));
    const client = server.client();
    client.subscribe('listener', 'be1-srv', 'be2-srv');
    client.subscribe('endpoints', 'be1-srv-cluster', 'be2-srv-cluster');
    await expect.poll(() => client.ports('be1-srv-cluster')).toEqual(ports(0, 1));
    await expect.poll(() => client.ports('be2-srv-cluster')).toEqual(ports(2));
    expect(client.resources('listener')).toBe(2);

    const { count } = client;
    const before = count();
    const queries = server.dns.status.counters.queries;
    await expect.poll(() => server.dns.status.counters.queries).toBeGreaterThan(queries + 30);
    expect(count()).toBe(before);

    server.publish('be1-srv', ...ports(0, 1, 2));
    await expect.poll(() => client.ports('be1-srv-cluster')).toEqual(ports(0, 1, 2));
    client.close();
  });

  it("one service's missing DNS name or dead pods never touch the other", async () => {
    const server = await start(svcConfig('nowhere', 'be1-srv'));
    server.publish('be1-srv', ...ports(0));
    const client = server.client();
    client.subscribe('endpoints', 'nowhere-cluster', 'be1-srv-cluster');
    await expect.poll(() => client.ports('be1-srv-cluster')).toEqual(ports(0));
    // A name that does not exist is told as "no endpoints", so that clients fail at once.
    await expect.poll(() => client.ports('nowhere-cluster')).toEqual([]);
    await expect.poll(() => server.metric('evenly_source_errors_total')).toBeGreaterThan(0);
    await expect
      .poll(() => server.status())
      .toMatchObject({
        services: [
          { name: 'nowhere', error: expect.stringContaining('NXDOMAIN') as string },
          { name: 'be1-srv' },
        ],
      });
    client.close();
  });

  it('keeps the last good endpoints while DNS is down, and follows it again when it is back', async () => {
    const server = await start(svcConfig('be1-srv'));
    server.publish('be1-srv', ...ports(0, 1));
    const client = server.client();
    client.subscribe('endpoints', 'be1-srv-cluster');
    await expect.poll(() => client.ports('be1-srv-cluster')).toEqual(ports(0, 1));
    const errors = await server.metric('evenly_source_errors_total');
    await server.dns.stop();
    await expect
      .poll(() => server.metric('evenly_source_errors_total'), { timeout: 5000 })
      .toBeGreaterThan(errors + 5);
    expect(client.ports('be1-srv-cluster')).toEqual(ports(0, 1));
    // Said once for each reason, not with every look-up; the first one to fail may be of SRV records or of addresses.
    const said = [...server.server.log.lines.join('\n').matchAll(/"reason":"([^"]*)"/g)].map(
      ([, reason]) => reason,
    );
    expect(said.length).toBeGreaterThan(0);
    expect(said).toEqual([...new Set(said)]);

    server.publish('be1-srv', ...ports(0, 2));
    await server.dns.start();
    await expect.poll(() => client.ports('be1-srv-cluster'), { timeout: 5000 }).toEqual(ports(0, 2));
    client.close();
  });

  it('gives them up after the stated time', async () => {
    const server = await start(svcConfig('be1-srv'), '--stale-after', '100ms');
    server.publish('be1-srv', ...ports(0));
    const client = server.client();
    client.subscribe('endpoints', 'be1-srv-cluster');
    await expect.poll(() => client.ports('be1-srv-cluster')).toEqual(ports(0));
    await server.dns.stop();
    await expect.poll(() => client.ports('be1-srv-cluster'), { timeout: 5000 }).toEqual([]);
    client.close();
  });

  it('answers a client that asked for a service before it was there', async () => {
    const server = await start(svcConfig());
    const client = server.client();
    client.subscribe('listener', 'be1-srv');
    client.subscribe('endpoints', 'be1-srv-cluster');
    await expect.poll(() => client.resources('listener')).toBe(0);
    server.publish('be1-srv', ...ports(1));
    await server.rewriteConfig(svcConfig('be1-srv'));
    await expect.poll(() => client.resources('listener')).toBe(1);
    await expect.poll(() => client.ports('be1-srv-cluster')).toEqual(ports(1));

    await server.rewriteConfig(svcConfig());
    await expect.poll(() => client.resources('listener')).toBe(0);
    client.close();
  });

  it('refuses a broken config later, says why, and goes on with the last good one', async () => {
    const server = await start(svcConfig('be1-srv'));
    server.publish('be1-srv', ...ports(0));
    const client = server.client();
    client.subscribe('listener', 'be1-srv', 'be2-srv');
    await expect.poll(() => client.resources('listener')).toBe(1);
    await server.rewriteConfig(svcConfig('be1-srv', 'be1-srv'));
    await expect.poll(() => server.server.log.text).toContain('services[1].serviceName');
    expect(await server.metric('evenly_config_errors_total')).toBeGreaterThan(0);
    expect(client.resources('listener')).toBe(1);
    await server.rewriteConfig(svcConfig('be1-srv', 'be2-srv'));
    await expect.poll(() => client.resources('listener')).toBe(2);
    client.close();
  });

  it.each([
    ['is truncated', svcConfig('be1-srv').slice(0, 60), 'not valid JSON'],
    ['has a service twice', svcConfig('be1-srv', 'be1-srv'), 'services[1].serviceName: is there twice'],
    [
      'has a negative port',
      svcConfig('be1-srv').replace('"grpc"', '-1'),
      'services[0].portName: must be the name',
    ],
  ])(
    'does not start with a config that %s: exit 64, with file, field and reason',
    async (_what, text, reason) => {
      running = await xdsServerProcess(text);
      expect(await running.server.exited).toMatchObject({ code: 64 });
      expect(running.server.log.text).toContain('svc_config.json:1: ');
      expect(running.server.log.text).toContain(reason);
    },
  );

  it('says plainly that the config file is missing', async () => {
    running = await xdsServerProcess('{}', ['--config', '/nowhere/svc_config.json']);
    expect(await running.server.exited).toMatchObject({ code: 64 });
    expect(running.server.log.text).toContain('cannot use /nowhere/svc_config.json');
  });

  it('ends a stream that asks for what is not served with a clear error', async () => {
    const server = await start(svcConfig('be1-srv'));
    const client = server.client();
    client.request('type.googleapis.com/envoy.service.runtime.v3.Runtime');
    await expect
      .poll(() => client.ended())
      .toMatchObject({ code: 3, details: expect.stringContaining('does not serve') as string });
    client.close();
  });

  it('takes only so many streams', async () => {
    const server = await start(svcConfig('be1-srv'), '--max-streams', '1');
    const [first, second] = [server.client(), server.client()];
    first.subscribe('listener', 'be1-srv');
    await expect.poll(() => first.resources('listener')).toBe(1);
    second.subscribe('listener', 'be1-srv');
    await expect.poll(() => second.ended()?.code).toBe(8);
    first.close();
    second.close();
  });

  it('ends on SIGTERM with exit 0, and tells its clients to come back, not that their services are gone', async () => {
    const server = await start(svcConfig('be1-srv'));
    const client = server.client();
    client.subscribe('listener', 'be1-srv');
    await expect.poll(() => client.resources('listener')).toBe(1);
    const before = client.count();
    expect(await server.server.stop(5000)).toMatchObject({ code: 0 });
    expect(client.ended()?.code).toBe(14);
    expect(client.count()).toBe(before);
    client.close();
  });
});
