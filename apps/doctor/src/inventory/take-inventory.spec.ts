import { describe, expect, it } from 'vitest';
import { apiOf, calling, inventoryOf, server } from '../testing/inventory-of.ts';
import { takeInventory } from './take-inventory.ts';

const proxy = `
---
kind: Deployment
metadata: { name: proxy }
spec:
  selector: { matchLabels: { app: proxy } }
  template:
    metadata: { labels: { app: proxy } }
    spec:
      containers:
        - name: proxy
          image: registry.example:5000/team/l7-proxy:v1@sha256:00
          args: [--config=/etc/evenly/mesh.yaml]
          volumeMounts: [{ name: config, mountPath: /etc/evenly }]
      volumes: [{ name: config, configMap: { name: proxy-config } }]
`;
const config = (text: string) => `
---
kind: ConfigMap
metadata: { name: proxy-config }
data: { mesh.yaml: '${text}' }
`;
const mesh = 'services: { cart: { source: { kubernetes: { service: cart, namespace: shop, port: grpc } } } }';

const notRead = async (yaml: string, forbidden: readonly string[] = []) =>
  (await inventoryOf(yaml, forbidden)).notRead.map(
    ({ what, namespace, why }) => `${what} in ${namespace}: ${why}`,
  );

describe('takeInventory', () => {
  it('says nothing was left out where all could be read', async () => {
    expect(await notRead(server() + calling('dns:///cart'))).toEqual([]);
  });

  it('names each kind that may not be read, with what is not known therefore, and goes on', async () => {
    const { notRead, services } = await inventoryOf(server(), ['pods', 'grpcroutes']);
    expect(services).toHaveLength(1);
    expect(notRead).toEqual([
      {
        ...{ what: 'pods', namespace: undefined, why: 'RBAC does not allow to list them' },
        therefore: 'whether sidecars were injected is not seen, and Jobs and other pods are not known',
      },
      expect.objectContaining({ what: 'grpcroutes' }),
    ]);
  });

  it('fails where not even Services may be listed', async () => {
    await expect(takeInventory(apiOf('', ['services']), [])).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('names an object that it cannot read', async () => {
    const broken = server().replace('replicas: 3', 'replicas: many');
    expect(await notRead(broken)).toEqual([
      expect.stringMatching(/^Deployment cart in shop: spec\.replicas: /),
    ]);
  });

  it('looks at some namespaces alone', async () => {
    const other = server().replaceAll('{ name: cart }', '{ name: cart, namespace: other }');
    const { services } = await takeInventory(apiOf(server() + '---' + other), ['shop']);
    expect(services.map(({ namespace }) => namespace)).toEqual(['shop']);
  });
});

describe('configs of Evenly’s programs', () => {
  it('are read from the ConfigMaps that they mount', async () => {
    const { programs } = await inventoryOf(server() + proxy + config(mesh));
    expect(programs.map(({ kind, config }) => [kind, [...config!.services.keys()]])).toEqual([
      ['l7-proxy', ['cart']],
    ]);
  });

  it('are named where they cannot be had, or not be read', async () => {
    expect(await notRead(proxy)).toEqual(['configmap proxy-config in shop: there is none']);
    expect(await notRead(proxy + config(mesh), ['configmaps'])).toEqual([
      'configmap proxy-config in shop: RBAC does not allow to get it',
    ]);
    expect(await notRead(proxy + config('services: 5'))).toEqual([
      expect.stringMatching(/^configmap proxy-config, mesh\.yaml in shop: .*mesh\.yaml:1: services: /),
    ]);
    expect(await notRead(proxy.replace('configMap: { name: proxy-config }', 'emptyDir: {}'))).toEqual([
      'config file /etc/evenly/mesh.yaml in shop: it is in no ConfigMap that the pod mounts',
    ]);
  });
});
