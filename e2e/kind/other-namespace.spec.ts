import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepForLater } from './failures.ts';
import { Kubectl } from './kubectl.ts';
import { noCluster } from './scenario.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The commands of a section of docs/kubernetes.md, as they stand there. */
function commandsOf(heading: string): string {
  const docs = readFileSync(`${root}/docs/kubernetes.md`, 'utf8');
  const section = docs.slice(docs.indexOf(`\n### ${heading}\n`));
  return /```sh cluster\n(.*?)```/s.exec(section)![1]!;
}

/** One that is free on this machine, where the docs' may be taken. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.skipIf(noCluster)('other-namespace, by the commands of docs/kubernetes.md', () => {
  const mesh = new Kubectl('mesh');
  const shop = new Kubectl('shop');
  beforeAll(async () => {
    for (const kubectl of [mesh, shop]) {
      const { stdout } = await kubectl.run(
        'get',
        'namespace',
        kubectl.namespace,
        '--ignore-not-found',
        '--output=name',
      );
      if (stdout !== '') throw new Error(`the cluster has a namespace ${kubectl.namespace} already`);
    }
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') for (const kubectl of [mesh, shop]) await keepForLater(kubectl);
  });
  afterAll(async () => {
    for (const kubectl of [mesh, shop])
      await kubectl.run('delete', 'namespace', kubectl.namespace, '--ignore-not-found');
  });

  it('the pods of the other namespace answer', async () => {
    const port = await freePort();
    const commands = commandsOf('A service in another namespace')
      .replace('deployment/my-client 8080', `deployment/my-client ${port}:8080`)
      .replace('localhost:8080', `localhost:${port}`);
    // The port is there a moment after its command; a person would try again.
    const patience = `curl() { command curl -fsS --retry 60 --retry-delay 1 --retry-all-errors -H 'accept: text/plain' "$@"; }`;
    const script = `set -e\ntrap 'kill $(jobs -p)' EXIT\n${patience}\n${commands}`;
    const { stdout } = await run('bash', ['-c', script], { cwd: root, timeout: 300_000 });
    const names = (await shop.pods('app.kubernetes.io/instance=my-service')).map(({ name }) => name);
    // Those of the client's own zone alone, where it has any.
    const answered = [...stdout.matchAll(/from hostname (\S+)/g)].map(([, name]) => name!);
    expect(answered).toHaveLength(15);
    expect(names).toEqual(expect.arrayContaining(answered));
  });

  it('without the Role there the log names the rule and the namespace', async () => {
    await shop.run('delete', 'rolebinding', 'mesh-xds-server');
    await mesh.run('rollout', 'restart', 'deployment/xds-server');
    await expect
      .poll(() => mesh.logs('xds-server'), { timeout: 120_000 })
      .toMatch(/RBAC allows no \\"(list|watch)\\" of endpointslices .*in namespace \\"shop/);
  });
});
