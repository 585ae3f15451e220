import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeApi } from '@evenly/local-cluster';
import { KubernetesApi } from '../api/kubernetes-api.ts';
import { addressKind, listening, sliceObject } from '../testing/slices.ts';
import { findAccess, inClusterAccess, tokenAccess } from './access.ts';
import type { ApiServerAccess } from './api-server-access.ts';
import { kubeconfigAccess, laterKubeconfigAccess } from './kubeconfig.ts';

let directory: string;
let server: KubeApi;
const tokens = new Set(['one']);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenly-access-'));
  server = await new KubeApi({ tokens }).start();
  server.store.put(sliceObject('a', { endpoints: [{ addresses: ['10.0.0.1'] }] }));
});
afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

const file = (name: string) => join(directory, name);

function watching(access: ApiServerAccess) {
  const api = new KubernetesApi(access, { backoff: { initialMs: 5, maxMs: 20 } });
  const listener = listening();
  return { ...listener, stop: api.watch(addressKind, { namespace: 'default' }, listener.listener) };
}

/** A kubeconfig as `kubectl config` writes it; JSON is YAML. */
const kubeconfig = (server: string, token: string, context = 'test') =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': context },
    clusters: [{ name: context, cluster: { server } }],
    users: [{ name: context, user: { token } }],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
  });

describe('tokenAccess', () => {
  it('reads the token again for requests a second later, so that a rotated one counts by itself', async () => {
    await writeFile(file('token'), 'one\n');
    const access = tokenAccess({ server: server.url, tokenFile: file('token') });
    const { addresses, log, stop } = watching(access);
    await expect.poll(addresses).toEqual(['10.0.0.1']);
    tokens.clear();
    tokens.add('two');
    server.cutWatches();
    await expect.poll(() => log).toContain('UNAUTHORIZED');
    await writeFile(file('token'), 'two\n');
    await expect.poll(() => log.at(-1)).toBe('watching');
    tokens.clear();
    tokens.add('one');
    stop();
  });

  it('says that a token cannot be read, and goes on when it can', async () => {
    const access = tokenAccess({ server: server.url, tokenFile: file('token') });
    const { errors, log, stop } = watching(access);
    await expect.poll(() => errors[0]?.message).toContain('cannot read credentials: ENOENT');
    expect(errors[0]!.code).toBe('BAD_CONFIG');
    await writeFile(file('token'), 'one');
    await expect.poll(() => log).toEqual(['BAD_CONFIG', 'objects', 'watching']);
    stop();
  });
});

describe('a token that could not be read', () => {
  it('is read again by the very next request', async () => {
    const access = tokenAccess({ server: server.url, tokenFile: file('token') });
    await expect(access.requestOptions()).rejects.toThrow('cannot read credentials');
    await writeFile(file('token'), 'one');
    const [first, second] = await Promise.all([access.requestOptions(), access.requestOptions()]);
    expect([first.headers, second.headers]).toEqual(Array(2).fill({ authorization: 'Bearer one' }));
  });
});

describe('inClusterAccess', () => {
  it("finds the API server by the pod's environment, and its token and CA in their directory", async () => {
    await writeFile(file('token'), 'one');
    await writeFile(file('ca.crt'), 'certificate');
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    const access = inClusterAccess(env, directory);
    expect(access.server).toBe('https://[fd00::1]:6443');
    expect(await access.requestOptions()).toMatchObject({
      ca: 'certificate',
      headers: { authorization: 'Bearer one' },
    });
  });

  it('says that it is not in a cluster', () => {
    expect(() => inClusterAccess({})).toThrow('not in a cluster: KUBERNETES_SERVICE_HOST is not set');
  });
});

describe('kubeconfigAccess', () => {
  it('reads server and credentials', async () => {
    await writeFile(file('config'), kubeconfig(server.url, 'one'));
    const { addresses, stop } = watching(await kubeconfigAccess([file('config')]));
    await expect.poll(addresses).toEqual(['10.0.0.1']);
    stop();
  });

  it('merges several files, the first of which says the context', async () => {
    await writeFile(file('a'), kubeconfig(server.url, 'one', 'a'));
    await writeFile(file('b'), kubeconfig('https://127.0.0.1:1', 'two', 'b'));
    const access = await kubeconfigAccess([file('a'), file('b')]);
    expect(access.server).toBe(server.url);
  });

  it.each([
    ['{}', 'no current context with a cluster'],
    ['not: [yaml', 'cannot use kubeconfig'],
    [kubeconfig('', 'one'), 'server is missing'],
    [undefined, 'ENOENT'],
  ])('refuses %j', async (content, reason) => {
    if (content !== undefined) await writeFile(file('config'), content);
    const access = kubeconfigAccess([file('config')]);
    await expect(access).rejects.toThrow(reason);
    await expect(access).rejects.toMatchObject({ code: 'BAD_CONFIG' });
  });

  it('takes the context that is asked for, and says which there are', async () => {
    await writeFile(file('a'), kubeconfig('https://127.0.0.1:1', 'two', 'a'));
    await writeFile(file('b'), kubeconfig(server.url, 'one', 'b'));
    const files = [file('a'), file('b')];
    expect((await kubeconfigAccess(files, 'b')).server).toBe(server.url);
    await expect(kubeconfigAccess(files, 'c')).rejects.toThrow('contexts has no "c"; it has a, b');
  });

  it('is renewed by a symlink that is swapped, as a Secret is: another server, another token', async () => {
    const other = await new KubeApi({ tokens: new Set(['two']) }).start();
    other.store.put(sliceObject('a', { endpoints: [{ addresses: ['10.0.0.2'] }] }));
    await writeFile(file('old'), kubeconfig(server.url, 'one'));
    await writeFile(file('new'), kubeconfig(other.url, 'two'));
    await symlink(file('old'), file('config'));
    const { addresses, stop } = watching(await kubeconfigAccess([file('config')]));
    await expect.poll(addresses).toEqual(['10.0.0.1']);
    await symlink(file('new'), file('next'));
    await rename(file('next'), file('config'));
    await server.stop();
    await expect.poll(addresses).toEqual(['10.0.0.2']);
    stop();
    await other.stop();
    server = await new KubeApi({ tokens }).start();
  });

  it('that comes later is an error until it is there and good', async () => {
    const { addresses, errors, log, stop } = watching(laterKubeconfigAccess(file('config')));
    await expect.poll(() => errors.at(-1)?.message).toMatch(/cannot use kubeconfig .*config: ENOENT/);
    await writeFile(file('config'), '');
    await expect.poll(() => errors.at(-1)?.message).toMatch(/config is empty/);
    await writeFile(file('config'), kubeconfig('', 'one'));
    await expect.poll(() => errors.at(-1)?.message).toMatch(/clusters\[0\].cluster.server is missing/);
    await writeFile(file('config'), kubeconfig(server.url, 'one'));
    await expect.poll(addresses).toEqual(['10.0.0.1']);
    expect(new Set(log.filter((said) => said.includes('_')))).toEqual(new Set(['BAD_CONFIG']));
    stop();
  });

  /** By exec: a token for a second, and a line in `runs` for each time that it was asked for. */
  const byPlugin = (script: string) =>
    JSON.stringify({
      ...(JSON.parse(kubeconfig(server.url, '')) as object),
      users: [{ name: 'test', user: { exec: { command: 'sh', args: ['-c', script] } } }],
    });

  it('has an exec plugin run again when its token is over', async () => {
    const status = '{\\"token\\":\\"$(cat token)\\",\\"expirationTimestamp\\":\\"2020-01-01T00:00:00Z\\"}';
    const script = `cd ${directory}; echo run >> runs; echo "{\\"status\\":${status}}"`.replaceAll(
      '\\\\',
      '\\',
    );
    await writeFile(file('token'), 'one');
    await writeFile(file('config'), byPlugin(script));
    const { addresses, log, stop } = watching(await kubeconfigAccess([file('config')]));
    await expect.poll(addresses).toEqual(['10.0.0.1']);
    tokens.clear();
    tokens.add('two');
    server.cutWatches();
    await expect.poll(() => log).toContain('UNAUTHORIZED');
    await writeFile(file('token'), 'two');
    await expect.poll(() => log.at(-1)).toBe('watching');
    tokens.clear();
    tokens.add('one');
    stop();
  });

  it('has an exec plugin that hangs run once, and says that nothing comes', async () => {
    await writeFile(file('config'), byPlugin(`echo run >> ${file('runs')}; exec sleep 60`));
    const api = new KubernetesApi(await kubeconfigAccess([file('config')]), {
      backoff: { initialMs: 5, maxMs: 20 },
      requestTimeoutMs: 100,
    });
    const listener = listening();
    const stops = [1, 2].map((n) => api.watch(addressKind, { namespace: `n${n}` }, listener.listener));
    await expect.poll(() => listener.errors.length).toBeGreaterThan(1);
    expect(listener.errors[0]!.message).toBe('the credentials for the API server have not come in time');
    expect(await readFile(file('runs'), 'utf8')).toBe('run\n');
    stops.forEach((stop) => stop());
  });
});

describe('findAccess', () => {
  const inCluster = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

  it('takes the given kubeconfig, else KUBECONFIG, else that of the user, else the service account', async () => {
    await mkdir(file('.kube'));
    const names = ['given', 'environment', 'user'];
    const paths = [file('given'), file('environment'), join(file('.kube'), 'config')];
    for (const [index, path] of paths.entries())
      await writeFile(path, kubeconfig(`https://${names[index]}:6443`, 'one', names[index]));
    const KUBECONFIG = [paths[1], ''].join(delimiter);
    const env = { ...inCluster, HOME: directory, KUBECONFIG };
    const found = async (options: Parameters<typeof findAccess>[0]) => (await findAccess(options)).server;
    expect(await found({ kubeconfig: paths[0]!, env })).toBe('https://given:6443');
    expect(await found({ env })).toBe('https://environment:6443');
    expect(await found({ env: { ...inCluster, HOME: directory } })).toBe('https://user:6443');
    await expect(found({ context: 'other', env })).rejects.toThrow('contexts has no "other"');
    await rm(file('.kube'), { recursive: true });
    const none = found({ context: 'other', env: { ...inCluster, HOME: directory } });
    await expect(none).rejects.toThrow('no kubeconfig that could have the context "other"');
    expect(await found({ env: { ...inCluster, HOME: directory } })).toBe('https://10.96.0.1:443');
    await expect(found({ env: { HOME: directory } })).rejects.toThrow('a kubeconfig is needed');
  });
});
