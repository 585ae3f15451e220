import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Pair } from '@evenly/local-cluster';
import type { Kubectl } from './kubectl.ts';

const run = promisify(execFile);
const module = 'github.com/cert-manager/cert-manager@v1.18.2';

/** Why cert-manager's definitions cannot be had; undefined where they can: they are in a Go module. */
export const noCertManager = await run('go', ['version']).then(
  () => undefined,
  () => 'Go, which brings the definitions of cert-manager, is not installed',
);

/** The definitions of Issuers and Certificates, as a release of cert-manager has them. */
export async function certManagerDefinitions(): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { cwd: '/' });
  const { Dir: directory } = JSON.parse(stdout) as { Dir: string };
  const files = ['certificates', 'issuers'].map((name) => `${directory}/deploy/crds/crd-${name}.yaml`);
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  // They are templates of its chart, as far as labels go.
  return texts.map((text) => text.replaceAll(/^.*\{\{.*\n/gm, '')).join('---\n');
}

interface Certificate {
  metadata: { name: string };
  spec: { isCA?: boolean; secretName: string; dnsNames?: string[] };
}

type Issue = (name: string, names: { dnsNames: string[] }) => Promise<Pair>;

/** What cert-manager does of the namespace's Certificates: a Secret for each, signed by an authority. */
export async function issueSecrets(
  kubectl: Kubectl,
  ca: { cert: string; issue: Issue },
  generation: string,
): Promise<void> {
  const { stdout } = await kubectl.run('get', 'certificates.cert-manager.io', '--output=json');
  const { items } = JSON.parse(stdout) as { items: Certificate[] };
  for (const { metadata, spec } of items.filter(({ spec: { isCA } }) => isCA !== true)) {
    const { cert, key } = await ca.issue(`${metadata.name} ${generation}`, { dnsNames: spec.dnsNames! });
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: spec.secretName, namespace: kubectl.namespace },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca.cert },
    };
    await kubectl.apply(JSON.stringify(secret));
  }
}

/** The certificate and key that a Secret has. */
export async function pairOf(kubectl: Kubectl, secret: string): Promise<Pair> {
  const { stdout } = await kubectl.run('get', 'secret', secret, '--output=json');
  const { data } = JSON.parse(stdout) as { data: Record<string, string> };
  const text = (file: string) => Buffer.from(data[file]!, 'base64').toString();
  return { cert: text('tls.crt'), key: text('tls.key') };
}
