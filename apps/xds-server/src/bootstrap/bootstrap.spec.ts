import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { namespaceOfPod } from './bootstrap.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bootstrap-'));
});
afterAll(() => rm(directory, { recursive: true }));

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** The real program, with nothing but this in its environment. */
const bootstrap = (args: string[], env: Record<string, string> = {}) =>
  new Promise<Result>((resolve) => {
    execFile(process.execPath, [main, 'bootstrap', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

const downward = { POD_NAME: 'shop-1', POD_NAMESPACE: 'shop', ZONE: 'zone-a', REGION: 'region-1' };

describe('xds-server bootstrap', () => {
  it('writes who and where the pod is', async () => {
    const { code, stdout } = await bootstrap(['--server=xds-server.mesh:18000', '--app=shop'], downward);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      xds_servers: [
        {
          server_uri: 'xds-server.mesh:18000',
          channel_creds: [{ type: 'insecure' }],
          server_features: ['xds_v3'],
        },
      ],
      node: {
        id: 'shop/shop-1',
        cluster: 'shop',
        locality: { region: 'region-1', zone: 'zone-a' },
        metadata: { NAMESPACE: 'shop' },
      },
      server_listener_resource_name_template: 'grpc/server?xds.resource.listening_address=%s',
    });
  });

  it('takes zone and region from the labels of the pod; an option wins', async () => {
    const labels = join(directory, 'labels');
    await writeFile(
      labels,
      'app="shop"\ntopology.kubernetes.io/region="region-2"\ntopology.kubernetes.io/zone="zone-b"',
    );
    const { stdout } = await bootstrap([`--labels=${labels}`, '--zone=zone-c'], { POD_NAME: 'shop-1' });
    expect(JSON.parse(stdout)).toMatchObject({
      node: { id: 'shop-1', locality: { region: 'region-2', zone: 'zone-c' } },
    });
  });

  it('says the Kubernetes node in metadata, where topology hints are looked up', async () => {
    const { stdout } = await bootstrap([], { ...downward, NODE_NAME: 'node-7' });
    expect(JSON.parse(stdout)).toMatchObject({
      node: { id: 'shop/shop-1', metadata: { NODE_NAME: 'node-7' } },
    });
  });

  it('finds the namespace where a pod has its service account, and none elsewhere', async () => {
    const file = join(directory, 'namespace');
    expect(namespaceOfPod(file)).toBeUndefined();
    await writeFile(file, 'shop\n');
    expect(namespaceOfPod(file)).toBe('shop');
  });

  it('knows no zone: the locality is there, and empty', async () => {
    const { stdout } = await bootstrap([], { POD_NAME: 'shop-1', ZONE: '' });
    expect(JSON.parse(stdout)).toMatchObject({ node: { locality: {} } });
  });

  it('writes a file in a new directory, says so, and leaves nothing beside it', async () => {
    const out = join(directory, 'new', 'bootstrap.json');
    const { code, stdout, stderr } = await bootstrap([`--out=${out}`], downward);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain(`wrote ${out} for shop/shop-1, zone zone-a`);
    expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({ node: { id: 'shop/shop-1' } });
    expect(await readdir(join(directory, 'new'))).toEqual(['bootstrap.json']);
  });

  it('with certificates: TLS as gRFC A65 has it', async () => {
    const tls = ['--tls-ca=/tls/ca.crt', '--tls-cert=/tls/tls.crt', '--tls-key=/tls/tls.key'];
    const { stdout } = await bootstrap(tls, downward);
    const config = {
      ca_certificate_file: '/tls/ca.crt',
      certificate_file: '/tls/tls.crt',
      private_key_file: '/tls/tls.key',
    };
    expect(JSON.parse(stdout)).toMatchObject({ xds_servers: [{ channel_creds: [{ type: 'tls', config }] }] });
  });

  it('with certificates of its own: the provider that the services of the config mean', async () => {
    const { stdout } = await bootstrap(['--certificates=/certs/', '--certificates-refresh=1500ms'], downward);
    expect(JSON.parse(stdout)).toMatchObject({
      certificate_providers: {
        default: {
          plugin_name: 'file_watcher',
          config: {
            certificate_file: '/certs/tls.crt',
            private_key_file: '/certs/tls.key',
            ca_certificate_file: '/certs/ca.crt',
            refresh_interval: '1.5s',
          },
        },
      },
    });
  });

  it.each([
    [['--sever=x'], "unknown option '--sever=x'"],
    [['--server='], '--server: must not be empty'],
    [['--tls-ca=/tls/ca.crt', '--tls-cert=/tls/tls.crt'], '--tls-cert and --tls-key go together'],
    [['--tls-cert=/tls/tls.crt', '--tls-key=/tls/tls.key'], '--tls-cert needs --tls-ca'],
    [['--labels=/nowhere/labels'], "--labels: ENOENT: no such file or directory, open '/nowhere/labels'"],
    [['--certificates-refresh=1'], '--certificates-refresh'],
    [['--out=/proc/bootstrap.json'], '--out: ENOENT'],
  ])('%j is refused, with the reason', async (args, reason) => {
    const { code, stdout, stderr } = await bootstrap(args, downward);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain(reason);
  });

  it('labels that are none are refused with their line', async () => {
    const labels = join(directory, 'broken');
    await writeFile(labels, 'app="shop"\nzone=zone-a\n');
    const { code, stderr } = await bootstrap([`--labels=${labels}`], downward);
    expect(code).toBe(64);
    expect(stderr).toContain(`${labels}:2: expected key="value"`);
  });
});
