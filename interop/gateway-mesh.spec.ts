import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeApi, serviceNameLabel, type ServedKind } from '@evenly/local-cluster';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot, type ClientName } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';

const settle = { timeout: 60_000 };
const served = (apiVersion: string, plural: string, kind: string): ServedKind => ({
  ...{ apiVersion, plural, kind },
  empty: {},
});
const gatewayApi = 'gateway.networking.k8s.io/v1';
const grpcRoutes = served(gatewayApi, 'grpcroutes', 'GRPCRoute');
const referenceGrants = served('gateway.networking.k8s.io/v1beta1', 'referencegrants', 'ReferenceGrant');
/** What else `--gateway-api` follows. */
const others = [
  served(gatewayApi, 'gatewayclasses', 'GatewayClass'),
  served(gatewayApi, 'gateways', 'Gateway'),
  served(gatewayApi, 'listenersets', 'ListenerSet'),
  served(gatewayApi, 'httproutes', 'HTTPRoute'),
  served(gatewayApi, 'backendtlspolicies', 'BackendTLSPolicy'),
  served('v1', 'configmaps', 'ConfigMap'),
  served('v1', 'secrets', 'Secret'),
  served('v1', 'namespaces', 'Namespace'),
  served('apps/v1', 'deployments', 'Deployment'),
];

/** GRPCRoutes whose parent is a Service, as proxyless clients of several namespaces go by them. */
describe.each(['grpc-js', 'grpc-go'] as const)('--gateway-mesh, %s', (name) => {
  beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);
  const [ofShop, ofCanary] = ['be1-srv', 'be2-srv'].map((service) =>
    inject('pods').find((pod) => pod.service === service)!,
  );

  async function cluster() {
    const api = await new KubeApi().start();
    onTestFinished(() => api.stop());
    for (const kind of others) api.serve(kind);
    const routes = api.serve(grpcRoutes);
    const grants = api.serve(referenceGrants);
    for (const [service, { port }] of [
      ['shop', ofShop!],
      ['canary', ofCanary!],
    ] as const) {
      const metadata = { name: service, namespace: 'shop' };
      const ports = [
        { name: 'web', port: 80 },
        { name: 'grpc', port: 8080 },
      ];
      api.services.put({ metadata, spec: { ports } });
      api.store.put({
        metadata: { ...metadata, labels: { [serviceNameLabel]: service } },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['127.0.0.1'] }],
        ports: [{ name: 'grpc', protocol: 'TCP', port }],
      });
    }
    const directory = await mkdtemp(join(tmpdir(), 'evenly-gateway-mesh-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const kubeconfig = join(directory, 'config');
    const contexts = [{ name: 'a', context: { cluster: 'a', user: 'a' } }];
    const clusters = [{ name: 'a', cluster: { server: api.url } }];
    const users = [{ name: 'a', user: {} }];
    await writeFile(kubeconfig, JSON.stringify({ clusters, contexts, users, 'current-context': 'a' }));
    const flags = ['--discover=all', '--gateway-api', '--gateway-mesh', `--kubeconfig=${kubeconfig}`];
    const controlPlane = await ControlPlane.start('services: {}', flags);
    onTestFinished(() => controlPlane.close());
    return { routes, grants, controlPlane };
  }

  /** Who answers a client of a namespace that calls the Service by each of its names; one name where all are the same. */
  function callerIn(namespace: string, controlPlane: ControlPlane) {
    const names = ['shop.shop', 'shop.shop:8080', 'shop.shop.svc.cluster.local:8080'];
    const targets = [...names, ...(namespace === 'shop' ? ['shop'] : [])].map((each) => `xds:///${each}`);
    const env = bootstrapEnv(`${namespace}-${name}`, controlPlane.port, undefined, undefined, namespace);
    const client = new CallingClient(clients[name as ClientName].command, targets, env);
    onTestFinished(() => client.stop());
    return async () => {
      const outcomes = await client.sample(targets, 3);
      const last = targets.map((target) => outcomes.get(target)!.at(-1)!);
      return [...new Set(last.map((one) => ('from' in one ? one.from : 'fails')))].join();
    };
  }

  it.skipIf(whyNot(name) !== undefined)(
    'routes of the Service are for all; those elsewhere for clients there, and before them',
    async () => {
      const { routes, grants, controlPlane } = await cluster();
      const inShop = callerIn('shop', controlPlane);
      const inBuyer = callerIn('buyer', controlPlane);
      const inOther = callerIn('other', controlPlane);
      const all = async () => [await inShop(), await inBuyer(), await inOther()];
      const [shop, canary] = [ofShop!.name, ofCanary!.name];
      await expect.poll(all, settle).toEqual([shop, shop, shop]);

      const route = (namespace: string, rules: object[]) => {
        const parentRefs = [{ group: '', kind: 'Service', name: 'shop', namespace: 'shop', port: 8080 }];
        routes.put({ metadata: { namespace, name: 'r' }, spec: { parentRefs, rules } } as never);
      };
      const to = (service: string) => [{ backendRefs: [{ name: service, namespace: 'shop', port: 8080 }] }];
      route('buyer', to('canary'));
      // It may not: nobody has granted it, and its share is refused.
      await expect.poll(all, settle).toEqual([shop, 'fails', shop]);
      const from = [{ group: 'gateway.networking.k8s.io', kind: 'GRPCRoute', namespace: 'buyer' }];
      const grant = { from, to: [{ group: '', kind: 'Service' }] };
      grants.put({ metadata: { namespace: 'shop', name: 'g' }, spec: grant } as never);
      await expect.poll(all, settle).toEqual([shop, canary, shop]);
      route('shop', to('canary'));
      await expect.poll(all, settle).toEqual([canary, canary, canary]);
      route('buyer', to('shop'));
      await expect.poll(all, settle).toEqual([canary, shop, canary]);
      routes.delete('buyer', 'r');
      await expect.poll(all, settle).toEqual([canary, canary, canary]);
      routes.delete('shop', 'r');
      await expect.poll(all, settle).toEqual([shop, shop, shop]);
      expect(await controlPlane.metric('evenly_xds_nacks_total')).toBe(0);
    },
  );
});
