import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeApi, serviceNameLabel } from '@evenly/local-cluster';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';

const settle = { timeout: 60_000 };

/** A Service without a config, as each client library asks for it: they make different names of a target. */
describe.each(['grpc-js', 'grpc-go', 'grpc-python', 'grpc-java'] as const)('--discover, %s', (name) => {
  beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);
  const [ofShop, ofOther] = inject('pods').filter(({ service }) => service === 'be1-srv');

  async function start(targets: readonly string[], namespace?: string) {
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
    const controlPlane = await ControlPlane.start('services: {}', [
      '--discover',
      'all',
      '--kubeconfig',
      kubeconfig,
    ]);
    onTestFinished(() => controlPlane.close());
    const env = bootstrapEnv(`discover-${name}`, controlPlane.port, undefined, undefined, namespace);
    const client = new CallingClient(clients[name].command, targets, env);
    onTestFinished(() => client.stop());
    /** Who answers the next calls of each target; why they fail. */
    const answers = async () => {
      const outcomes = await client.sample(targets, 3);
      return Object.fromEntries(
        targets.map((target) => {
          const last = outcomes.get(target)!.at(-1)!;
          return [target, 'from' in last ? last.from : 'fails'];
        }),
      );
    };
    return { api, controlPlane, answers };
  }

  it.skipIf(whyNot(name) !== undefined)('calls a Service by each of its names', async () => {
    const names = [
      'be1.shop:8080',
      'be1.shop',
      'be1.shop.svc:8080',
      'be1.shop.svc.cluster.local:8080',
      'be1.shop.svc.cluster.local',
      'be1:8080',
      'be1',
    ];
    const others = ['be1.other:8080', 'be1.other.svc.cluster.local'];
    const nobody = ['be1.shop:80', 'be1.nowhere:8080'];
    const all = [...names, ...others, ...nobody].map((each) => `xds:///${each}`);
    const { api, controlPlane, answers } = await start(all, 'shop');
    const expected: Record<string, string> = {};
    for (const each of names) expected[`xds:///${each}`] = ofShop!.name;
    for (const each of others) expected[`xds:///${each}`] = ofOther!.name;
    for (const each of nobody) expected[`xds:///${each}`] = 'fails';
    await expect.poll(answers, settle).toEqual(expected);
    expect(await controlPlane.metric('evenly_xds_nacks_total')).toBe(0);
    // The port 80 begins to speak gRPC: who asked for it in vain is told.
    const metadata = { name: 'be1', namespace: 'shop' };
    api.services.put({ metadata, spec: { ports: [{ name: 'grpc', port: 80 }] } });
    await expect.poll(async () => (await answers())['xds:///be1.shop:80'], settle).toBe(ofShop!.name);
  });
});
