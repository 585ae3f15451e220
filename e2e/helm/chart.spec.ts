import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  chart,
  kustomize,
  lint,
  objectsIn,
  render,
  renderValues,
  type KubernetesObject,
} from './rendered.ts';

/** Objects by kind and name, without the namespace, which Helm leaves to whoever installs. */
function objectsOf(yaml: string): Map<string, KubernetesObject> {
  const objects = new Map<string, KubernetesObject>();
  for (const object of objectsIn(yaml)) {
    if (object.kind === 'Namespace') continue;
    delete object.metadata.namespace;
    sortEnvironment(object);
    if (object.kind === 'ConfigMap') delete object.metadata.labels?.['app.kubernetes.io/instance']; // Kustomize's know none
    objects.set(`${object.kind}/${object.metadata.name}`, object);
  }
  return objects;
}

/** Kustomize puts what a patch brings first, the chart last. */
function sortEnvironment({ spec }: KubernetesObject): void {
  for (const { env } of spec?.template?.spec?.containers ?? [])
    env?.sort((a, b) => a.name.localeCompare(b.name));
}

describe('charts/evenly', () => {
  const scenarios = readdirSync(`${chart}/scenarios`).map((file) => file.replace('.yaml', ''));

  it.each(scenarios)('%s: the same objects as its overlay', async (scenario) => {
    const overlay = await kustomize(scenario);
    const values = `--values=${chart}/scenarios/${scenario}.yaml`;
    const rendered = objectsOf(await render(`--namespace=${scenario}`, values));
    const expected = objectsOf(overlay);
    expect([...rendered.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, object] of expected) expect(rendered.get(name), name).toEqual(object);
  });

  it('lint finds nothing', async () => {
    expect(await lint()).toContain('0 chart(s) failed');
  });

  it('what values say takes the place of what an app usually has', async () => {
    const values = {
      image: { prefix: 'registry.example/team/', tag: 'v1', pullPolicy: 'Always' },
      imagePullSecrets: [{ name: 'pull' }],
      networkPolicy: { enabled: false },
      apps: {
        server: {
          app: 'echo-backend',
          nameOverride: 'echo',
          replicaCount: 4,
          command: ['node'],
          args: ['dist/main.js'],
          env: [{ name: 'NAME', value: 'me' }],
          service: { type: 'LoadBalancer', port: 80 },
          resources: { limits: { memory: '1Gi' } },
        },
      },
    };
    const objects = objectsOf(await renderValues(values));
    expect([...objects.keys()].sort()).toEqual([
      'Deployment/echo',
      'PodDisruptionBudget/echo',
      'Service/echo',
      'ServiceAccount/echo',
    ]);
    expect(objects.get('Service/echo')).toMatchObject({
      spec: { type: 'LoadBalancer', ports: [{ port: 80, targetPort: 'grpc' }] },
    });
    expect(objects.get('Deployment/echo')).toMatchObject({
      spec: {
        replicas: 4,
        template: {
          spec: {
            imagePullSecrets: [{ name: 'pull' }],
            containers: [
              {
                image: 'registry.example/team/echo-backend:v1',
                imagePullPolicy: 'Always',
                command: ['node'],
                args: ['dist/main.js'],
                env: [{ name: 'NAME', value: 'me' }],
                resources: { limits: { memory: '1Gi' } },
              },
            ],
          },
        },
      },
    });
  });

  it.each([
    ['apps.a.app=echo', "/apps/a/app': value must be one of 'echo-backend'"],
    ['apps.a.replicas=3', "additional properties 'replicas' not allowed"],
    ['apps.a.replicaCount=-1', "/apps/a/replicaCount': minimum: got -1, want 0"],
    ['apps.a.service.type=NodeProt', "/apps/a/service/type': value must be one of"],
    ['apps.A.app=frontend', "'^[a-z]([-a-z0-9]{0,48}[a-z0-9])?$'"],
    ['image.tag=not/a/tag', "/image/tag': 'not/a/tag' does not match pattern"],
    ['replicaCount=3', "additional properties 'replicaCount' not allowed"],
  ])('--set %s is refused, with field and reason', async (value, reason) => {
    await expect(render('--set', `apps.a.app=echo-backend,${value}`)).rejects.toThrow(reason);
  });
});
