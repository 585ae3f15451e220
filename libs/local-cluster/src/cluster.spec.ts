import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LocalCluster } from './cluster.ts';
import { localCluster } from './harness.ts';
import { eventually, isAlive, podCommand } from './testing/index.ts';

const clusters: LocalCluster[] = [];

async function start() {
  const cluster = await localCluster()
    .service('be1-srv', { replicas: 2, command: podCommand() })
    .service('be2-srv', { replicas: 1, command: podCommand(), preStopDelayMs: 3_600_000 })
    .start();
  clusters.push(cluster);
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([`127.0.0.1:${cluster.dns.status.port}`]);
  const published = async (service: string) => {
    const records = await resolver.resolveSrv(`_grpc._tcp.${service}.default.svc.cluster.local`);
    return records.map(({ name, port }) => ({ pod: name.split('.')[0]!, port }));
  };
  const podsOf = async (service: string) => (await published(service)).map(({ pod }) => pod);
  return { cluster, published, podsOf };
}

afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.stop()));
});

describe('a cluster', () => {
  it('publishes each running pod with the port that it really has', async () => {
    const { published } = await start();
    const found = await published('be1-srv');
    expect(found.map(({ pod }) => pod)).toEqual(['be1-srv-1', 'be1-srv-2']);
    for (const { pod, port } of found) {
      const [greeting] = (await connect(port, '127.0.0.1').toArray()) as Buffer[];
      expect(greeting?.toString()).toBe(pod);
    }
  });

  it('follows scale, restart and death', async () => {
    const { cluster, podsOf } = await start();
    await cluster.service('be1-srv').scale(3);
    expect(await podsOf('be1-srv')).toEqual(['be1-srv-1', 'be1-srv-2', 'be1-srv-3']);
    await cluster.service('be1-srv').restart();
    expect(await podsOf('be1-srv')).toEqual(['be1-srv-4', 'be1-srv-5', 'be1-srv-6']);
    cluster.pod('be1-srv-5').kill();
    await eventually(async () =>
      expect(await podsOf('be1-srv')).toEqual(['be1-srv-4', 'be1-srv-6', 'be1-srv-7']),
    );
    expect(await podsOf('be2-srv')).toEqual(['be2-srv-1']);
  });

  it('withdraws a pod from DNS while it still serves', async () => {
    const { cluster, podsOf } = await start();
    void cluster
      .service('be2-srv')
      .restart()
      .catch(() => undefined);
    await eventually(async () => expect(await podsOf('be2-srv')).toEqual(['be2-srv-2']));
    expect(cluster.pod('be2-srv-1').status).toMatchObject({ state: 'terminating' });
    const { port } = cluster.pod('be2-srv-1').status;
    expect((await connect(port!, '127.0.0.1').toArray()).join('')).toBe('be2-srv-1');
  });

  it('keeps a pod that says it is unhealthy: nobody probes it here', async () => {
    const { cluster, podsOf } = await start();
    await cluster.pod('be1-srv-1').behaviour({ healthy: false });
    expect(await podsOf('be1-srv')).toContain('be1-srv-1');
  });

  it.runIf(process.platform === 'linux')(
    'gives pods addresses of their own, behind a virtual IP',
    async () => {
      const spec = { replicas: 3, command: podCommand(), port: 17_411, zones: ['a', 'b'] };
      const cluster = await localCluster()
        .service('headless', spec)
        .service('clusterip', { ...spec, virtualIpPort: 17_412 })
        .start();
      clusters.push(cluster);
      const resolver = new Resolver({ timeout: 1000, tries: 2 });
      resolver.setServers([`127.0.0.1:${cluster.dns.status.port}`]);
      const lookUp = (service: string) => resolver.resolve4(`${service}.default.svc.cluster.local`);
      const { pods } = cluster.service('headless').status;
      expect(await lookUp('headless')).toEqual(pods.map(({ address }) => address));
      expect(pods.map(({ port, zone }) => `${port} ${zone}`)).toEqual(['17411 a', '17411 b', '17411 a']);
      const [virtualIp] = await lookUp('clusterip');
      expect(await resolver.resolveSrv('_grpc._tcp.clusterip.default.svc.cluster.local')).toMatchObject([
        { name: 'clusterip.default.svc.cluster.local', port: 17_412 },
      ]);
      const [greeting] = (await connect(17_412, virtualIp).toArray()) as Buffer[];
      expect(greeting?.toString()).toMatch(/^clusterip-[123]$/);
    },
  );

  it('leaves no process when it stops', async () => {
    const { cluster } = await start();
    const pids = cluster.services.flatMap(({ status }) => status.pods.map(({ pid }) => pid!));
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    await cluster.stop();
    expect(pids.map(isAlive)).toEqual([false, false, false]);
  });
});

describe('what cannot be', () => {
  it('a service that does not start: nothing is left of the others', async () => {
    const cluster = new LocalCluster();
    cluster.add('good', { replicas: 1, command: podCommand() });
    cluster.add('bad', { replicas: 1, command: podCommand('crash') });
    const starting = cluster.start();
    await expect(starting).rejects.toMatchObject({ code: 'START_FAILED' });
    expect(cluster.services.flatMap(({ pods }) => pods)).toEqual([]);
    expect(cluster.dns.status.state).toBe('stopped');
  });

  it('unknown names: the known ones are named', async () => {
    const { cluster } = await start();
    expect(() => cluster.service('be3-srv')).toThrow('no service "be3-srv"; there are: be1-srv, be2-srv');
    expect(() => cluster.pod('be1-srv-9')).toThrow(
      'no pod "be1-srv-9"; there are: be1-srv-1, be1-srv-2, be2-srv-1',
    );
  });

  it.each(['', 'Be1', '1be', 'a_b', 'a.b', '-a', 'a-', 'a'.repeat(51)])('a service called %j', (name) => {
    expect(() => localCluster().service(name, { replicas: 1, command: podCommand() })).toThrow(
      'is no service name',
    );
  });

  it('pods with addresses of their own on IPv6, which has but one for loopback', () => {
    const spec = { replicas: 1, command: podCommand(), port: 50_051 };
    expect(() => localCluster({ host: '::1' }).service('a', spec)).toThrow('only with IPv4');
  });

  it('the same service twice, or too many', () => {
    const spec = { replicas: 0, command: podCommand() };
    expect(() => localCluster().service('a', spec).service('a', spec)).toThrow('already a service a');
    const builder = localCluster();
    for (let i = 0; i < 20; i++) builder.service(`s${i}`, spec);
    expect(() => builder.service('s20', spec)).toThrow('no more than 20');
  });
});
