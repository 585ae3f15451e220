import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kubectl } from '../kubectl.ts';
import { noCluster, overlayOf } from '../scenario.ts';
import { schemaLocation, writeApiSchemas } from './api-schemas.ts';

const run = promisify(execFile);
const noGo = await run('go', ['version']).then(
  () => false,
  () => true,
);
/** All that the overlay has objects of. */
const apis = ['api/v1', 'apis/apps/v1', 'apis/policy/v1', 'apis/gateway.networking.k8s.io/v1'];

// Linkerd itself is not there: this holds the manifests against the schemas of a real API server and of the Gateway API.
describe.skipIf(noCluster)('linkerd, not run', () => {
  const kubectl = new Kubectl('linkerd-mesh');

  it('the API server finds nothing wrong with its manifests', async () => {
    await kubectl.run('create', 'namespace', 'linkerd-mesh');
    try {
      const check = ['--dry-run=server', '--validate=strict', '--kustomize', overlayOf('linkerd')];
      const { stdout, stderr } = await kubectl.run('apply', ...check);
      expect(stdout).toContain('grpcroute.gateway.networking.k8s.io/srv created (server dry run)');
      expect(stdout).toContain('deployment.apps/v1-srv created (server dry run)');
      expect(stderr).not.toContain('unknown field');
    } finally {
      await kubectl.run('delete', 'namespace', 'linkerd-mesh', '--wait=false');
    }
  });

  describe.skipIf(noGo)('by kubeconform, with the schemas that the API server publishes', () => {
    let directory: string;
    let kubeconform: string;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'evenly-schemas-'));
      await writeApiSchemas(kubectl, apis, directory);
      const script = fileURLToPath(new URL('kubeconform.sh', import.meta.url));
      kubeconform = (await run('bash', [script])).stdout.trim();
    });
    afterAll(() => rm(directory, { recursive: true }));

    /** @throws Error with kubeconform's report as `stdout` when an object is not valid, or has no schema */
    async function check(manifests: string): Promise<Summary> {
      const options = [
        '-strict',
        '-output',
        'json',
        '-summary',
        '-schema-location',
        schemaLocation(directory),
      ];
      const checking = run(kubeconform, [...options, '-']);
      checking.child.stdin!.end(manifests);
      return (JSON.parse((await checking).stdout) as { summary: Summary }).summary;
    }
    const manifests = async () => (await kubectl.run('kustomize', overlayOf('linkerd'))).stdout;

    it('every object is valid', async () => {
      const text = await manifests();
      const objects = text.match(/^kind:/gm)!.length;
      expect(await check(text)).toEqual({ valid: objects, invalid: 0, errors: 0, skipped: 0 });
    });

    it.each([
      ['a field that there is not', /^( *)weight: 95$/m, '$1wieght: 95', "'wieght' not allowed"],
      ['a value of another type', /^( *)replicas: 3$/m, '$1replicas: three', '/spec/replicas'],
    ])('%s is found', async (_what, good, bad, reason) => {
      const text = await manifests();
      expect(text).toMatch(good);
      await expect(check(text.replace(good, bad))).rejects.toMatchObject({
        stdout: expect.stringContaining(reason) as string,
      });
    });
  });
});

interface Summary {
  valid: number;
  invalid: number;
  errors: number;
  skipped: number;
}
