import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defaultPolicy } from './grpc-js/service-config.ts';
import { policyNames } from './grpc-js/policy-config.ts';
import { targetSchemes } from './sources.ts';
import { echoServer } from './testing/echo-server.ts';
import { sliceObject, testKube } from './testing/kube.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const [example, readinessExample] = [...readme.matchAll(/```javascript\n(.*?)```/gs)].map(
  ([, code]) => code!,
);
const folder = fileURLToPath(new URL('..', import.meta.url));

/** A kubeconfig of a cluster that has no certificates. */
async function kubeconfigOf({ url }: { url: string }): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'evenly-')), 'config');
  const cluster = {
    clusters: [{ name: 'a', cluster: { server: url } }],
    users: [{ name: 'a', user: {} }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
  };
  await writeFile(file, JSON.stringify({ ...cluster, 'current-context': 'a' }));
  return file;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the README, for grpc-js clients', () => {
  it('has an example that works as it stands, in a process that ends', async () => {
    const pods = await Promise.all([echoServer(), echoServer()]);
    const { server } = await testKube();
    for (const { name, endpoint } of pods)
      server.store.put(
        sliceObject(name, {
          endpoints: [{ addresses: ['127.0.0.1'] }],
          ports: [{ name: 'grpc', protocol: 'TCP', port: endpoint.port }],
        }),
      );
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', example!], {
      cwd: folder,
      env: { ...process.env, KUBECONFIG: await kubeconfigOf(server) },
    });
    const answers = stdout.trim().split('\n');
    expect(answers).toHaveLength(10);
    expect(pods.map(({ name }) => name)).toEqual(expect.arrayContaining([...new Set(answers)]));
    pods.forEach((pod) => pod.stop());
    await server.stop();
  });

  it('has an example of a readiness probe: 503 until a pod can be called, and 200 when none can any more', async () => {
    const { server } = await testKube();
    const PORT = `${await freePort()}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', readinessExample!], {
      cwd: folder,
      env: { ...process.env, KUBECONFIG: await kubeconfigOf(server), PORT },
      stdio: 'ignore',
    });
    const readyz = async () =>
      fetch(`http://127.0.0.1:${PORT}/readyz`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(readyz, { timeout: 60_000 }).toBe(503);
    const pod = await echoServer();
    const ports = [{ name: 'grpc', protocol: 'TCP', port: pod.endpoint.port }];
    server.store.put(sliceObject('a', { endpoints: [{ addresses: ['127.0.0.1'] }], ports }));
    await expect.poll(readyz, { timeout: 60_000 }).toBe(200);
    pod.stop();
    await server.stop();
    expect(await readyz()).toBe(200);
    child.kill();
    await once(child, 'exit');
  }, 60_000);

  it('names every scheme and policy', () => {
    for (const { name } of targetSchemes) expect(readme).toContain(`${name}:`);
    for (const name of policyNames.keys()) expect(readme).toContain(`\`${name}\``);
    expect(readme).toContain(`names no policy gets \`${defaultPolicy}\``);
  });
});
