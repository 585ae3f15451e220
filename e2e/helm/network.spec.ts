import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { reaches, type Party } from './reachable.ts';
import { kustomize, objectsIn, pathOf, renderValues, type KubernetesObject } from './rendered.ts';

/** A pod as the objects make it. */
function podOf(objects: readonly KubernetesObject[], deployment: string, namespace: string): Party {
  const object = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === deployment)!;
  const { metadata, spec } = object.spec!.template!;
  const containers = (spec!.containers ?? []) as { ports?: { name: string; containerPort: number }[] }[];
  const ports = containers.flatMap((one) => one.ports ?? []).map((one) => [one.name, one.containerPort]);
  return { namespace, labels: metadata!.labels!, ports: Object.fromEntries(ports) as Record<string, number> };
}

const dns: Party = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
const nodeLocalDns: Party = { ip: '169.254.20.10' };

/** The first YAML block of docs/kubernetes.md with a text in it. */
function valuesInDocs(text: string): object {
  const docs = readFileSync(pathOf('docs/kubernetes.md'), 'utf8');
  const block = [...docs.matchAll(/```yaml\n(.*?)```/gs)].find(([, yaml]) => yaml!.includes(text));
  return parse(block![1]!) as object;
}

describe.each([
  ['overlay other-namespace', async () => objectsIn(await kustomize('other-namespace'))],
  [
    'the overlay, and values of docs/kubernetes.md for its xds-server',
    async () => {
      const overlay = objectsIn(await kustomize('other-namespace'));
      const shop = overlay.filter(({ metadata }) => metadata.namespace === 'shop');
      const release = objectsIn(await renderValues(valuesInDocs('namespaces: [shop]'), '--namespace=mesh'));
      const mesh = release.map((object) => ({
        ...object,
        metadata: { namespace: 'mesh', ...object.metadata },
      }));
      return [...shop, ...mesh];
    },
  ],
])('%s', (_name, load) => {
  it('calls, xDS, health checks and DNS go through, and nothing else', async () => {
    const objects = await load();
    const client = podOf(objects, 'my-client', 'shop');
    const service = podOf(objects, 'my-service', 'shop');
    const server = podOf(objects, 'xds-server', 'mesh');
    const stranger: Party = { namespace: 'shop', labels: {} };
    const elsewhere: Party = { namespace: 'third', labels: { 'evenly/xds-client': 'true' } };
    const through = (from: Party, to: Party, port: number) => reaches(objects, from, to, port);
    expect(through(client, server, 18000)).toBe(true);
    expect(through(client, service, 50051)).toBe(true);
    expect(through(server, service, 50051)).toBe(true);
    for (const pod of [client, server]) expect(through(pod, dns, 53)).toBe(true);
    expect(through(server, { ip: '10.96.0.1' }, 443)).toBe(true);

    expect(through(stranger, server, 18000)).toBe(false);
    expect(through(elsewhere, server, 18000)).toBe(false);
    expect(through(elsewhere, service, 50051)).toBe(false);
    expect(through(client, service, 8081)).toBe(false);
    expect(through(service, dns, 53)).toBe(false);
    expect(through(client, nodeLocalDns, 53)).toBe(false);
  });

  it('the xds-server may follow the endpoints of the other namespace', async () => {
    const binding = (await load()).find(
      ({ kind, metadata }) => kind === 'RoleBinding' && metadata.namespace === 'shop',
    );
    expect(binding).toMatchObject({
      roleRef: { kind: 'Role', name: 'mesh-xds-server' },
      subjects: [{ kind: 'ServiceAccount', name: 'xds-server', namespace: 'mesh' }],
    });
  });
});

describe('DNS on each node', () => {
  const xdsServer = { apps: { a: { app: 'xds-server' } } };

  it('component node-local-dns lets pods ask there, too', async () => {
    const component = pathOf('k8s/components/node-local-dns/kustomization.yaml');
    const { patches } = parse(readFileSync(component, 'utf8')) as {
      patches: [{ target: { name: string }; patch: string }];
    };
    const [{ target, patch }] = patches;
    const [{ path, value }] = parse(patch) as [{ path: string; value: object }];
    expect(path).toBe('/spec/egress/0/to/-');
    // What it is put to is the rule for DNS, in every policy that has one.
    const objects = objectsIn(await kustomize('other-namespace')).concat(
      objectsIn(await kustomize('canary')),
    );
    const asking = objects.filter(
      ({ kind, metadata, spec }) =>
        kind === 'NetworkPolicy' &&
        !metadata.name.endsWith('-to-api') &&
        (spec as { egress?: object[] }).egress,
    );
    expect(asking.length).toBeGreaterThan(4);
    for (const { metadata, spec } of asking) {
      expect(metadata.name).toMatch(new RegExp(`^${target.name}$`));
      expect((spec as unknown as { egress: [{ ports: object[] }] }).egress[0].ports).toContainEqual({
        port: 53,
        protocol: 'UDP',
      });
    }
    expect(value).toEqual({ ipBlock: { cidr: '169.254.20.10/32' } });
  });

  it('networkPolicy.dns of the chart does, and nowhere else', async () => {
    const peers = [{ ipBlock: { cidr: '169.254.20.10/32' } }];
    const objects = objectsIn(await renderValues({ ...xdsServer, networkPolicy: { dns: peers } }));
    const server = podOf(objects, 'a', 'mesh');
    expect(reaches(objects, server, nodeLocalDns, 53, 'mesh')).toBe(true);
    expect(reaches(objects, server, dns, 53, 'mesh')).toBe(false);
  });
});
