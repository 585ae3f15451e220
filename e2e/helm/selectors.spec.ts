import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kustomize, objectsIn, pathOf, renderValues, type KubernetesObject } from './rendered.ts';

/** The Deployments whose pods each object selects, by kind and name of the object. */
function selectedBy(objects: readonly KubernetesObject[]): Record<string, string[]> {
  const deployments = objects.filter(({ kind }) => kind === 'Deployment');
  return Object.fromEntries(
    objects.flatMap((object) => {
      const labels = selectorOf(object);
      if (labels === undefined || Object.keys(labels).length === 0) return []; // of none, or of all on purpose
      const selected = deployments.filter((deployment) =>
        Object.entries(labels).every(
          ([key, value]) => deployment.spec!.template!.metadata!.labels![key] === value,
        ),
      );
      return [[`${object.kind}/${object.metadata.name}`, selected.map(({ metadata }) => metadata.name)]];
    }),
  );
}

function selectorOf({ kind, spec }: KubernetesObject): Record<string, string> | undefined {
  const selector = kind === 'NetworkPolicy' ? spec!.podSelector : spec?.selector;
  return kind === 'Service'
    ? (selector as Record<string, string>)
    : (selector as { matchLabels?: Record<string, string> } | undefined)?.matchLabels;
}

/** Each object selects the pods of the one Deployment that its own name begins with. */
function expectEachItsOwn(objects: readonly KubernetesObject[]): void {
  const selected = Object.entries(selectedBy(objects));
  expect(selected.length).toBeGreaterThan(0);
  for (const [object, deployments] of selected) {
    expect(deployments, object).toHaveLength(1);
    expect(object.replace(/^.*\//, ''), object).toMatch(new RegExp(`^${deployments[0]!}(-|$)`));
  }
}

const kinds = readdirSync(pathOf('charts/evenly/apps')).map((file) => file.replace('.yaml', ''));
const config = { 'mesh.yaml': '{}' };
const app = (kind: string) => ({ app: kind, config, kubernetesAccess: true });

describe('selectors', () => {
  it('two releases in one namespace, each with every app twice, once under the name of its kind', async () => {
    const first = kinds.flatMap((kind) => [
      [kind, app(kind)],
      [`canary-${kind}`, app(kind)],
    ]);
    const second = kinds.flatMap((kind) => [
      [`x-${kind}`, app(kind)],
      [`y-${kind}`, { ...app(kind), nameOverride: `z-${kind}` }],
    ]);
    const releases = [first, second].map((apps) =>
      renderValues({ apps: Object.fromEntries(apps) as object }),
    );
    const objects = (await Promise.all(releases)).flatMap(objectsIn);
    expect(objects.filter(({ kind }) => kind === 'Deployment')).toHaveLength(4 * kinds.length);
    expectEachItsOwn(objects);
  });

  it('two apps of one name are refused', async () => {
    const apps = { a: { app: 'frontend' }, b: { app: 'l7-proxy', nameOverride: 'a' } };
    await expect(renderValues({ apps })).rejects.toThrow(
      'apps.b: its objects would have the name "a", as those of apps.a',
    );
  });

  const overlays = readdirSync(pathOf('k8s/overlays'), { recursive: true, encoding: 'utf8' }).filter(
    (folder) => existsSync(pathOf(`k8s/overlays/${folder}/namespace.yaml`)),
  );
  it.each(overlays)('overlay %s', async (overlay) => {
    const objects = objectsIn(await kustomize(overlay));
    // The one Service that is over both versions: who balances there is the mesh.
    const isOverBoth = ({ kind, metadata }: KubernetesObject) =>
      kind === 'Service' && metadata.name === 'srv';
    expectEachItsOwn(objects.filter((object) => !isOverBoth(object)));
  });
});
