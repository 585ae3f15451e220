import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeApi, serviceNameLabel } from '@evenly/local-cluster';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import { HttpConnectionManager } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { xdsServerProcess, type AdsClientOptions } from '../testing/harness.ts';

let api: KubeApi;
const ends: (() => unknown)[] = [];
beforeEach(async () => (api = await new KubeApi().start()));
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await api.stop();
});

interface Given {
  ports?: object[];
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

/** A Service and its only pod, at a port that tells it from the others. */
function put(namespace: string, name: string, podPort: number, { ports, annotations, labels }: Given = {}) {
  api.services.put({
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      annotations: annotations ?? {},
      labels: labels ?? {},
    },
    spec: { ports: ports ?? [{ name: 'grpc', port: 80 }] },
  });
  api.store.put({
    metadata: { name, namespace, labels: { [serviceNameLabel]: name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ name: 'grpc', protocol: 'TCP', port: podPort }],
  });
}

const serverWith = (...args: string[]) => serverOf('services: {}', ...args);

async function serverOf(config: string, ...args: string[]) {
  const server = await starting(config, ...args);
  await server.started();
  return server;
}

async function starting(config: string, ...args: string[]) {
  const kubeconfig = join(tmpdir(), `evenly-services-${process.pid}`);
  ends.push(() => rm(kubeconfig, { force: true }));
  const cluster = {
    clusters: [{ name: 'a', cluster: { server: api.url } }],
    users: [{ name: 'a', user: {} }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  };
  await writeFile(kubeconfig, JSON.stringify(cluster));
  const server = await xdsServerProcess(config, ['--kubeconfig', kubeconfig, ...args]);
  ends.push(() => server.stop());
  return server;
}

type Server = Awaited<ReturnType<typeof serverWith>>;

/** Where calls to a target go, by its listener and its routes: a cluster; undefined when there is no listener. */
async function clusterOf(server: Server, target: string, options: AdsClientOptions = {}) {
  const client = server.client(options);
  ends.push(() => client.close());
  client.subscribe('listener', target, 'be1.shop:80'); // the second one so that there is a response
  await expect.poll(() => client.bodies('listener')).toBeDefined();
  const listener = client
    .bodies('listener')!
    .map((bytes) => Listener.decode(bytes))
    .find(({ name }) => name === target);
  if (listener === undefined) return undefined;
  const manager = HttpConnectionManager.decode(listener.apiListener!.apiListener!.value);
  const { routeSpecifier } = manager;
  client.subscribe('route', routeSpecifier?.$case === 'rds' ? routeSpecifier.value.routeConfigName : '');
  await expect.poll(() => client.bodies('route')).toBeDefined();
  const { virtualHosts } = RouteConfiguration.decode(client.bodies('route')![0]!);
  const host =
    virtualHosts.find(({ domains }) => domains.includes(target)) ??
    virtualHosts.find(({ domains }) => domains.includes('*'));
  const action = host?.routes[0]?.action;
  const specifier = action?.$case === 'route' ? action.value.clusterSpecifier : undefined;
  return specifier?.$case === 'cluster' ? specifier.value : 'no cluster';
}

describe('the gRPC Services of the cluster', () => {
  it('are there by the names that DNS has for them, without a config', async () => {
    put('shop', 'be1', 5001);
    put('other', 'be1', 5002);
    const server = await serverWith('--discover', 'all');
    const shop = 'be1.shop:80-cluster';
    const other = 'be1.other:80-cluster';
    for (const target of [
      'be1.shop:80',
      'be1.shop',
      'be1.shop.svc:80',
      'be1.shop.svc.cluster.local:80',
      'be1.shop.svc',
    ])
      expect([target, await clusterOf(server, target)]).toEqual([target, shop]);
    expect(await clusterOf(server, 'be1.other:80')).toBe(other);
    expect(await clusterOf(server, 'be1:80', { namespace: 'other' })).toBe(other);
    expect(await clusterOf(server, 'be1', { namespace: 'other' })).toBe(other);
    expect(await clusterOf(server, 'be1:80')).toBeUndefined();
    expect(await clusterOf(server, 'be1.shop:81')).toBeUndefined();
    const said = server.server.log.lines.filter((line) => line.includes('asks for a name that nothing has'));
    expect(said.map((line) => (JSON.parse(line) as { listener: string }).listener)).toEqual([
      'be1:80',
      'be1.shop:81',
    ]);
    const client = server.client();
    ends.push(() => client.close());
    client.subscribe('endpoints', shop, other);
    await expect.poll(() => [client.ports(shop), client.ports(other)]).toEqual([[5001], [5002]]);
  });

  it('come and go while the server runs; one watch each follows all Services and all their endpoints', async () => {
    put('shop', 'be1', 5001);
    const server = await serverWith('--discover', 'all');
    const client = server.client();
    ends.push(() => client.close());
    client.subscribe('listener', 'be2.shop');
    client.subscribe('cluster', 'be2.shop:80-cluster');
    client.subscribe('endpoints', 'be2.shop:80-cluster');
    put('shop', 'be2', 5002);
    await expect.poll(() => client.ports('be2.shop:80-cluster')).toEqual([5002]);
    await expect.poll(() => client.resources('listener')).toBe(1);
    expect(api.counters.watches).toBe(2);
    api.services.delete('shop', 'be2');
    await expect.poll(() => client.resources('listener')).toBe(0);
  });

  it('are those of the namespaces and with the labels that were asked for', async () => {
    put('shop', 'be1', 5001, { labels: { team: 'a' } });
    put('shop', 'be2', 5002);
    put('other', 'be3', 5003, { labels: { team: 'a' } });
    const server = await serverWith('--discover', 'shop', '--discover-selector', 'team=a');
    await expect
      .poll(async () =>
        ((await server.status()) as { services: { name: string }[] }).services.map(({ name }) => name),
      )
      .toEqual(['be1.shop:80']);
  });

  it('are served by every port of TCP where that is wanted, named or not', async () => {
    put('shop', 'be1', 5001, {
      ports: [
        { name: 'grpc', port: 80 },
        { name: 'other', port: 81 },
      ],
    });
    put('shop', 'be2', 5002, { ports: [{ port: 82 }] });
    const server = await serverWith('--discover', 'all', '--discover-ports', 'all');
    expect(await clusterOf(server, 'be1.shop:81')).toBe('be1.shop:81-cluster');
    expect(await clusterOf(server, 'be2.shop:82')).toBe('be2.shop:82-cluster');
  });

  it('whose annotation is wrong are served as without it, and an Event says so, once', async () => {
    put('shop', 'be1', 5001, { annotations: { 'evenly.dev/service': 'policy: { loadBalancing: fastest }' } });
    const server = await serverWith('--discover', 'all');
    expect(await clusterOf(server, 'be1.shop')).toBe('be1.shop:80-cluster');
    await expect
      .poll(() => [...api.created.values()])
      .toMatchObject([
        {
          involvedObject: { kind: 'Service', namespace: 'shop', name: 'be1', uid: 'shop-be1' },
          type: 'Warning',
          message: expect.stringContaining('evenly.dev/service: line 1: policy.loadBalancing') as string,
        },
      ]);
    put('shop', 'be1', 5001, {
      annotations: { 'evenly.dev/service': 'policy: { loadBalancing: fastest }', x: 'y' },
    });
    put('shop', 'be2', 5002);
    await expect
      .poll(async () => ((await server.status()) as { services: object[] }).services.length)
      .toBe(2);
    expect(api.created.size).toBe(1);
  });
});

describe('while the API is away', () => {
  const ofFile = 'services: { be9: { source: { static: { endpoints: ["10.0.0.9:9"] } } } }';
  const readyz = async (server: Server) => (await server.admin('/readyz')).status;

  it('what files say is served after a while; what the cluster may say is not told to be missing, and comes later', async () => {
    put('shop', 'be1', 5001);
    await api.stop();
    const server = await serverOf(ofFile, '--discover', 'all', '--ready-after', '200ms');
    await expect.poll(() => readyz(server)).toBe(200);
    expect(server.server.log.text).toContain('ready without what the cluster says of the config');
    const client = server.client();
    ends.push(() => client.close());
    client.subscribe('listener', 'be1.shop:80', 'be1.gone:80');
    const other = server.client();
    ends.push(() => other.close());
    other.subscribe('listener', 'be9');
    other.subscribe('endpoints', 'be9-cluster', 'be1.shop:80-cluster');
    await expect.poll(() => other.resources('listener')).toBe(1);
    await expect.poll(() => other.ports('be9-cluster')).toEqual([9]);
    expect(client.count()).toBe(0);
    await api.start();
    await expect.poll(() => client.resources('listener'), { timeout: 10_000 }).toBe(1);
    await expect.poll(() => other.ports('be1.shop:80-cluster')).toEqual([5001]);
    expect(client.count()).toBe(1);
  });

  it('a running server keeps what it has; when the API is back, all Services are told by one list of each kind', async () => {
    // Each of them has a line in the log as well, of which the test sees the last 50.
    const names = Array.from({ length: 20 }, (_, index) => `be${index}`);
    for (const name of names) put('shop', name, 5001);
    const server = await serverWith('--discover', 'all');
    const client = server.client();
    ends.push(() => client.close());
    const clusters = names.map((name) => `${name}.shop:80-cluster`);
    client.subscribe('endpoints', ...clusters);
    const ports = () => new Set(clusters.map((cluster) => client.ports(cluster)?.join()));
    await expect.poll(ports).toEqual(new Set(['5001']));
    await api.stop();
    await expect.poll(() => server.server.log.text, { timeout: 10_000 }).toContain('no updates of Services');
    expect(ports()).toEqual(new Set(['5001']));
    const { lists } = api.counters;
    for (const name of names) put('shop', name, 5002);
    put('shop', 'new', 5002);
    await api.start();
    await expect.poll(ports, { timeout: 10_000 }).toEqual(new Set(['5002']));
    await expect.poll(() => clusterOf(server, 'new.shop')).toBe('new.shop:80-cluster');
    expect(api.counters.lists - lists).toBe(2);
  });

  it('a server with nothing but the cluster does not open its port', async () => {
    await api.stop();
    const server = await starting('services: {}', '--discover', 'all', '--ready-after', '10ms');
    await server.server.listening(['admin'], 10_000);
    await expect.poll(() => server.server.log.text, { timeout: 10_000 }).toContain('no updates of Services');
    expect(await readyz(server)).toBe(503);
    expect(server.server.addresses.has('xds')).toBe(false);
  });

  it('a snapshot has the Services and their endpoints, is said to be old, and ends when the API is back', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'evenly-services-'));
    ends.push(() => rm(directory, { recursive: true }));
    const args = ['--discover', 'all', '--snapshot-dir', directory];
    put('shop', 'be1', 5001, { annotations: { 'evenly.dev/discover': 'true' } });
    put('shop', 'be2', 5002);
    const first = await serverWith(...args);
    await expect.poll(() => first.metric('evenly_endpoints')).toBe(2);
    await first.server.stop(5000);
    await api.stop();

    const server = await serverWith(...args);
    expect(await clusterOf(server, 'be1.shop')).toBe('be1.shop:80-cluster');
    const client = server.client();
    ends.push(() => client.close());
    client.subscribe('listener', 'be1.shop:80', 'be2.shop:80');
    client.subscribe('endpoints', 'be2.shop:80-cluster');
    await expect.poll(() => client.ports('be2.shop:80-cluster')).toEqual([5002]);
    expect(client.resources('listener')).toBe(2);
    await expect.poll(() => readyz(server)).toBe(200);
    expect(await server.status()).toMatchObject({
      servicesSnapshotOf: expect.any(String) as string,
      services: [{ snapshotOf: expect.any(String) as string }, { snapshotOf: expect.any(String) as string }],
    });
    expect(await (await server.admin('/')).text()).toContain(
      'Which Services the cluster has is of a snapshot',
    );
    expect(await server.metric('evenly_snapshot_age_seconds')).toBeGreaterThan(0);

    api.services.delete('shop', 'be2');
    await api.start();
    await expect.poll(() => client.resources('listener'), { timeout: 10_000 }).toBe(1);
    await expect.poll(() => server.status()).not.toHaveProperty('servicesSnapshotOf');
  });
});

it('refuses to start with nothing to serve', async () => {
  const server = await xdsServerProcess('services: {}', ['--config', '']);
  ends.push(() => server.stop().catch(() => undefined));
  await expect(server.started()).rejects.toThrow();
});

it('refuses to start without a way to the API, and says so in a line', async () => {
  const nowhere = { HOME: '/nowhere', KUBECONFIG: '', KUBERNETES_SERVICE_HOST: '' };
  const server = await xdsServerProcess('services: {}', ['--discover', 'all'], nowhere);
  ends.push(() => server.stop().catch(() => undefined));
  await expect(server.started()).rejects.toThrow(
    /xds-server: --discover and --gateway-api need the Kubernetes API: not in a cluster: (?!.*\n\s+at )/s,
  );
});
