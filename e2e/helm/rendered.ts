import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);
export const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
export const chart = pathOf('charts/evenly');
const helm = process.env['HELM'] ?? 'helm';
/** One that is new enough: nothing here asks a cluster. */
const kubernetes = '--kube-version=1.34.0';

/** Of an object of Kubernetes what the tests look at by name. */
export interface KubernetesObject {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: {
    selector?: unknown;
    podSelector?: unknown;
    template?: {
      metadata?: { labels?: Record<string, string> };
      spec?: { containers?: { env?: { name: string; value?: string }[] }[] };
    };
  };
}

/** What `helm template` says. */
export async function render(...args: string[]): Promise<string> {
  return (await run(helm, ['template', 'evenly', chart, kubernetes, ...args])).stdout;
}

/** As {@link render}, for values that are no file. */
export function renderValues(values: object, ...args: string[]): Promise<string> {
  const set = Object.entries(values).map(([key, value]) => `--set-json=${key}=${JSON.stringify(value)}`);
  return render(...set, ...args);
}

/** What `helm lint` says. */
export async function lint(...args: string[]): Promise<string> {
  return (await run(helm, ['lint', '--strict', kubernetes, chart, ...args])).stdout;
}

/** What `kubectl kustomize` says of an overlay. */
export async function kustomize(overlay: string): Promise<string> {
  return (await run('kubectl', ['kustomize', pathOf(`k8s/overlays/${overlay}`)])).stdout;
}

export function objectsIn(yaml: string): KubernetesObject[] {
  return parseAllDocuments(yaml).flatMap((document) => (document.toJS() as KubernetesObject | null) ?? []);
}
