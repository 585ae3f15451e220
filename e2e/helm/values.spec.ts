import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allValues } from './all-values.ts';
import { chart, objectsIn, render, renderValues, type KubernetesObject } from './rendered.ts';

type Values = Record<string, unknown>;
const { mesh } = allValues.apps;

/** Objects by kind and name, of one app `a`. */
async function objectsOf(app: Values, more: Values = {}): Promise<Record<string, KubernetesObject>> {
  const objects = objectsIn(await renderValues({ ...more, apps: { a: app } }, '--namespace=mesh'));
  return Object.fromEntries(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

const podOf = async (app: Values, more: Values = {}) => {
  const { spec } = (await objectsOf(app, more))['Deployment/a']!.spec!.template!;
  return spec as Values & { containers: [Values]; initContainers: Values[]; volumes: { name: string }[] };
};

describe('values of an app', () => {
  it('the values that are tried are all that the schema knows', () => {
    const schema = JSON.parse(readFileSync(`${chart}/values.schema.json`, 'utf8')) as {
      definitions: { app: { properties: object } };
    };
    const known = Object.keys(schema.definitions.app.properties);
    // Each has a test of its own below, or in chart.spec.ts.
    const elsewhere = ['nameOverride', 'image', 'command'];
    expect([...Object.keys(mesh), ...elsewhere].sort()).toEqual(known.sort());
  });

  it('where pods run, and what is said of them, is as given', async () => {
    const { Deployment } = byKind(await objectsOf(mesh));
    expect(Deployment).toMatchObject({
      metadata: { labels: { team: 'a' }, annotations: { 'example.com/owner': 'a' } },
      spec: {
        minReadySeconds: 3,
        template: {
          metadata: { labels: { pool: 'blue' }, annotations: { 'example.com/scrape': 'true' } },
          spec: {
            terminationGracePeriodSeconds: 99,
            priorityClassName: mesh.priorityClassName,
            nodeSelector: mesh.nodeSelector,
            tolerations: mesh.tolerations,
            affinity: mesh.affinity,
            topologySpreadConstraints: mesh.topologySpreadConstraints,
            securityContext: { runAsNonRoot: true, fsGroup: 1000 },
            initContainers: [{ name: 'first' }, { name: 'l7-proxy', resources: mesh.sidecar.resources }],
          },
        },
      },
    });
  });

  it('labels and annotations are on every object of the app', async () => {
    for (const [name, { metadata }] of Object.entries(
      await objectsOf(mesh, { networkPolicy: { defaultDeny: false } }),
    ))
      expect(metadata, name).toMatchObject({
        labels: { team: 'a', 'app.kubernetes.io/instance': 'a' },
        annotations: { 'example.com/owner': 'a' },
      });
  });

  it('the container has more variables, volumes and rights, beside its own', async () => {
    const pod = await podOf(mesh);
    const [container] = pod.containers;
    expect(container).toMatchObject({
      envFrom: mesh.envFrom,
      resources: mesh.resources,
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: false },
      volumeMounts: [{ name: 'config' }, { name: 'tls' }, { name: 'scratch', mountPath: '/scratch' }],
    });
    expect(pod.volumes.map(({ name }) => name)).toEqual(['config', 'tls', 'sidecar-config', 'scratch']);
    expect(container['env']).toEqual(expect.arrayContaining(mesh.env));
  });

  it('a variable of the name of one of the app takes its place', async () => {
    const env = [{ name: 'NAME', value: 'another' }];
    const { containers } = await podOf({ app: 'echo-client', env });
    const named = (containers[0]['env'] as { name: string }[]).filter(({ name }) => name === 'NAME');
    expect(named).toEqual(env);
  });

  it('TLS: the Secret, the paths, and no plaintext; clients show certificates only where that is asked', async () => {
    const env = async (tls: Values) => (await podOf({ app: 'xds-server', tls })).containers[0]['env'];
    const paths = [
      { name: 'EVENLY_TLS_CERT', value: '/etc/evenly-tls/tls.crt' },
      { name: 'EVENLY_TLS_KEY', value: '/etc/evenly-tls/tls.key' },
    ];
    expect(await env({ secretName: 's' })).toEqual(paths);
    const ca = { name: 'EVENLY_TLS_CLIENT_CA', value: '/etc/evenly-tls/ca.crt' };
    expect(await env({ secretName: 's', clientCertificates: true })).toEqual([...paths, ca]);
  });

  it('an autoscaler says how many pods there are, and the Deployment does not', async () => {
    const objects = await objectsOf(mesh);
    expect(objects['Deployment/a']!.spec).not.toHaveProperty('replicas');
    expect(objects['HorizontalPodAutoscaler/a']!.spec).toEqual({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
      minReplicas: 4,
      maxReplicas: 8,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        },
      ],
      behavior: mesh.autoscaling.behavior,
    });
  });

  it("a ServiceAccount of one's own is used, and none is made", async () => {
    const objects = await objectsOf({ app: 'frontend', serviceAccount: { name: 'mine' } });
    expect(Object.keys(objects)).not.toContain('ServiceAccount/a');
    expect(objects['Deployment/a']).toMatchObject({
      spec: { template: { spec: { serviceAccountName: 'mine' } } },
    });
  });

  it('rights in other namespaces are given there, under a name that another release does not have', async () => {
    const objects = await objectsOf(mesh);
    for (const kind of ['Role', 'RoleBinding']) {
      expect(objects[`${kind}/a`]!.metadata.namespace, kind).toBeUndefined();
      expect(objects[`${kind}/mesh-a`]!.metadata.namespace, kind).toBe('shop');
    }
    expect(objects['RoleBinding/mesh-a']).toMatchObject({
      roleRef: { kind: 'Role', name: 'mesh-a' },
      subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'mesh' }],
    });
  });

  it('rights in all namespaces are a ClusterRole', async () => {
    const objects = await objectsOf({ app: 'xds-server', kubernetesAccess: { namespaces: 'all' } });
    expect(objects['ClusterRoleBinding/mesh-a']).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'mesh-a' },
      subjects: [{ name: 'a', namespace: 'mesh' }],
    });
    expect(Object.keys(objects).filter((name) => name.startsWith('Role'))).toEqual([]);
  });

  it("the network policy has the rules that are given behind the app's own, and DNS where it is", async () => {
    const { networkPolicy } = allValues;
    const policy = (await objectsOf(mesh, { networkPolicy }))['NetworkPolicy/a']!.spec as unknown as {
      ingress: object[];
      egress: object[];
    };
    expect(policy.ingress).toHaveLength(2);
    expect(policy.ingress[1]).toEqual(mesh.networkPolicy.ingress[0]);
    expect(policy.egress[0]).toMatchObject({ to: networkPolicy.dns });
    expect(policy.egress.at(-1)).toEqual(mesh.networkPolicy.egress[0]);
  });

  it.each([
    [
      'app=frontend,apps.a.tls.secretName=x',
      'apps.a.tls: frontend does not serve TLS; l7-proxy and xds-server do',
    ],
    [
      'podLabels.app\\.kubernetes\\.io/instance=b',
      "apps.a: the label app.kubernetes.io/instance is the chart's own",
    ],
    [
      'kubernetesAccess=true,apps.a.serviceAccount.name=b',
      'kubernetesAccess is for a ServiceAccount of the chart; b is not',
    ],
    ['kubernetesAccess.namespaces=everywhere', "/apps/a/kubernetesAccess/namespaces': value must be 'all'"],
    ['autoscaling.minReplicas=2', "/apps/a/autoscaling': missing property 'maxReplicas'"],
    ['tls.clientCertificates=true', "/apps/a/tls': missing property 'secretName'"],
    ['tls.secret=x', "/apps/a/tls': additional properties 'secret' not allowed"],
    ['nodeSelector.a=1', "/apps/a/nodeSelector/a': got number, want string"],
    ['tolerations=x', "/apps/a/tolerations': got string, want array"],
    ['annotations.a=true', "/apps/a/annotations/a': got boolean, want string"],
    ['volumeMounts[0].name=x', "/apps/a/volumeMounts/0': missing property 'mountPath'"],
  ])('--set apps.a.%s is refused, with field and reason', async (value, reason) => {
    await expect(render('--set', `apps.a.app=xds-server,apps.a.${value}`)).rejects.toThrow(reason);
  });
});

function byKind(objects: Record<string, KubernetesObject>): Record<string, KubernetesObject> {
  return Object.fromEntries(Object.values(objects).map((object) => [object.kind, object]));
}
