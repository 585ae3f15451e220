import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
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
const example = /```javascript\n(.*?)```/s.exec(readme)![1]!;

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
    const file = join(await mkdtemp(join(tmpdir(), 'evenly-')), 'config');
    const cluster = {
      clusters: [{ name: 'a', cluster: { server: server.url } }],
      users: [{ name: 'a', user: {} }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    };
    await writeFile(file, JSON.stringify({ ...cluster, 'current-context': 'a' }));
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', example], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, KUBECONFIG: file },
    });
    const answers = stdout.trim().split('\n');
    expect(answers).toHaveLength(10);
    expect(pods.map(({ name }) => name)).toEqual(expect.arrayContaining([...new Set(answers)]));
    pods.forEach((pod) => pod.stop());
    await server.stop();
  });

  it('names every scheme and policy', () => {
    for (const { name } of targetSchemes) expect(readme).toContain(`${name}:`);
    for (const name of policyNames.keys()) expect(readme).toContain(`\`${name}\``);
    expect(readme).toContain(`names no policy gets \`${defaultPolicy}\``);
  });
});
