import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeApi, ManagedProcess, serviceNameLabel } from '@evenly/local-cluster';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { Envoy } from './testing/envoy.ts';
import { envoyBootstrap } from './testing/envoy-bootstrap.ts';
import { freePort } from './testing/free-port.ts';

const proxyProgram = fileURLToPath(new URL('../apps/l7-proxy/dist/main.js', import.meta.url));
const settle = { timeout: 60_000 };

/** An API server with a Service of the same name in two namespaces, and an xds-server that finds them. */
async function startDiscovering(config: string) {
  const [ofShop, ofOther] = inject('pods').filter(({ service }) => service === 'be1-srv');
  const api = await new KubeApi().start();
  onTestFinished(() => api.stop());
  for (const [inNamespace, pod] of [
    ['shop', ofShop!],
    ['other', ofOther!],
  ] as const) {
    const metadata = { name: 'be1', namespace: inNamespace };
    api.services.put({
      metadata,
      spec: {
        ports: [
          { name: 'web', port: 80 },
          { name: 'grpc', port: 8080 },
        ],
      },
    });
    api.store.put({
      metadata: { ...metadata, labels: { [serviceNameLabel]: 'be1' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'] }],
      ports: [{ name: 'grpc', protocol: 'TCP', port: pod.port }],
    });
  }
  const directory = await mkdtemp(join(tmpdir(), 'evenly-discover-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const kubeconfig = join(directory, 'config');
  const context = { cluster: 'a', user: 'a' };
  const clusters = [{ name: 'a', cluster: { server: api.url } }];
  const contexts = [{ name: 'a', context }];
  await writeFile(
    kubeconfig,
    JSON.stringify({ clusters, contexts, users: [{ name: 'a', user: {} }], 'current-context': 'a' }),
  );
  const flags = ['--discover', 'all', '--kubeconfig', kubeconfig];
  const controlPlane = await ControlPlane.start(config, flags);
  onTestFinished(() => controlPlane.close());
  return { api, controlPlane, ofShop: ofShop!, ofOther: ofOther! };
}

/** Who answers the next calls of each target; why they fail. */
async function answersOf(client: CallingClient, targets: readonly string[]) {
  const outcomes = await client.sample(targets, 3);
  return Object.fromEntries(
    targets.map((target) => {
      const last = outcomes.get(target)!.at(-1)!;
      return [target, 'from' in last ? last.from : 'fails'];
    }),
  );
}

const ofNamespaces = [
  'be1.shop:8080',
  'be1.shop',
  'be1.shop.svc:8080',
  'be1.shop.svc.cluster.local:8080',
  'be1.shop.svc.cluster.local',
];
const others = ['be1.other:8080', 'be1.other.svc.cluster.local'];
const nobody = ['be1.shop:80', 'be1.nowhere:8080'];

/** Who should answer, for each target. */
function expectedAnswers(
  shop: readonly string[],
  { ofShop, ofOther }: { ofShop: { name: string }; ofOther: { name: string } },
) {
  const to = (names: readonly string[], who: string) => names.map((each) => [`xds:///${each}`, who]);
  return Object.fromEntries([
    ...to(shop, ofShop.name),
    ...to(others, ofOther.name),
    ...to(nobody, 'fails'),
  ]) as Record<string, string>;
}

/** A Service without a config, as each client library asks for it: they make different names of a target. */
describe.each(['grpc-js', 'grpc-go', 'grpc-python', 'grpc-java'] as const)('--discover, %s', (name) => {
  beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);

  it.skipIf(whyNot(name) !== undefined)('calls a Service by each of its names', async () => {
    const { api, controlPlane, ...pods } = await startDiscovering('services: {}');
    const expected = expectedAnswers([...ofNamespaces, 'be1:8080', 'be1'], pods);
    const targets = Object.keys(expected);
    const env = bootstrapEnv(`discover-${name}`, controlPlane.port, undefined, undefined, 'shop');
    const client = new CallingClient(clients[name].command, targets, env);
    onTestFinished(() => client.stop());
    await expect.poll(() => answersOf(client, targets), settle).toEqual(expected);
    expect(await controlPlane.metric('evenly_xds_nacks_total')).toBe(0);
    // The port 80 begins to speak gRPC: who asked for it in vain is told.
    const metadata = { name: 'be1', namespace: 'shop' };
    api.services.put({ metadata, spec: { ports: [{ name: 'grpc', port: 80 }] } });
    await expect
      .poll(async () => (await answersOf(client, targets))['xds:///be1.shop:80'], settle)
      .toBe(pods.ofShop.name);
  });
});

/** The same for calls through a proxy beside a client, which says in no namespace where it is. */
describe('--discover, through a proxy by xDS', () => {
  beforeAll(() => clients['grpc-js'].prepare().then(() => undefined), prepareTimeoutMs);

  async function expectAllNames(listenPort: number, pods: Parameters<typeof expectedAnswers>[1]) {
    const expected = expectedAnswers(ofNamespaces, pods);
    const targets = Object.keys(expected);
    const through = [...clients['grpc-js'].command, '--through', `127.0.0.1:${listenPort}`];
    const client = new CallingClient(through, targets);
    onTestFinished(() => client.stop());
    await expect.poll(() => answersOf(client, targets), settle).toEqual(expected);
  }

  it.skipIf(whyNot('envoy') !== undefined)('Envoy', { timeout: prepareTimeoutMs }, async () => {
    await clients.envoy.prepare();
    const port = await freePort();
    const listeners = `services: {}\nlisteners: [{ name: edge, address: 127.0.0.1, port: ${port} }]`;
    const { controlPlane, ...pods } = await startDiscovering(listeners);
    const envoy = await Envoy.start(envoyBootstrap('sotw', controlPlane.port), port);
    onTestFinished(() => envoy.stop());
    await expectAllNames(port, pods);
    expect(await envoy.count('update_rejected')).toBe(0);
  });

  it('l7-proxy', async () => {
    const { controlPlane, ...pods } = await startDiscovering('services: {}');
    const ports = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0'];
    const options = ['--xds-server', `127.0.0.1:${controlPlane.port}`, ...ports, '--exit-with-parent'];
    const proxy = new ManagedProcess({
      name: 'l7-proxy',
      command: [process.execPath, proxyProgram, ...options],
    });
    onTestFinished(() => proxy.stop(5000).then(() => undefined));
    await proxy.listening(['proxy'], 20_000);
    await expectAllNames(proxy.addresses.get('proxy')!.port, pods);
    expect(await controlPlane.metric('evenly_xds_nacks_total')).toBe(0);
  });
});
