import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testKube } from '../testing/kube.ts';
import { observe } from '@evenly/endpoints/testing';
import { findAccess, inClusterAccess, tokenAccess } from './access.ts';
import type { ApiServerAccess } from './api-server-access.ts';
import { kubeconfigAccess } from './kubeconfig.ts';
import { KubernetesApi } from './kubernetes-api.ts';
import { kubernetesSource } from './kubernetes-source.ts';

let directory: string;
let kube: Awaited<ReturnType<typeof testKube>>;
const tokens = new Set(['one']);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenly-access-'));
  kube = await testKube({ tokens });
  kube.put('a', '10.0.0.1');
});
afterEach(async () => {
  await kube.server.stop();
  await rm(directory, { recursive: true });
});

const file = (name: string) => join(directory, name);

function watching(access: ApiServerAccess) {
  const api = new KubernetesApi(access, { backoff: { initialMs: 5, maxMs: 20 } });
  return observe(kubernetesSource({ api, namespace: 'default', service: 'be1-srv', port: 'grpc' }));
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
  it('reads the token again for each request, so that a rotated one counts at once', async () => {
    await writeFile(file('token'), 'one\n');
    const access = tokenAccess({ server: kube.server.url, tokenFile: file('token') });
    const { sets, log, stop } = watching(access);
    await expect.poll(() => sets).toEqual([['10.0.0.1:50051']]);
    tokens.clear();
    tokens.add('two');
    kube.server.cutWatches();
    await expect.poll(() => log).toContain('UNAUTHORIZED');
    await writeFile(file('token'), 'two\n');
    await expect.poll(() => log.at(-1)).toBe('recovered');
    tokens.clear();
    tokens.add('one');
    stop();
  });

  it('says that a token cannot be read, and goes on when it can', async () => {
    const access = tokenAccess({ server: kube.server.url, tokenFile: file('token') });
    const { failures, log, stop } = watching(access);
    await expect.poll(() => failures[0]?.message).toContain('cannot read credentials: ENOENT');
    expect(failures[0]!.code).toBe('BAD_CONFIG');
    await writeFile(file('token'), 'one');
    await expect.poll(() => log).toEqual(['BAD_CONFIG', 'set', 'recovered']);
    stop();
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
    await writeFile(file('config'), kubeconfig(kube.server.url, 'one'));
    const { sets, stop } = watching(await kubeconfigAccess([file('config')]));
    await expect.poll(() => sets).toEqual([['10.0.0.1:50051']]);
    stop();
  });

  it('merges several files, the first of which says the context', async () => {
    await writeFile(file('a'), kubeconfig(kube.server.url, 'one', 'a'));
    await writeFile(file('b'), kubeconfig('https://127.0.0.1:1', 'two', 'b'));
    const { server } = await kubeconfigAccess([file('a'), file('b')]);
    expect(server).toBe(kube.server.url);
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
    await rm(file('.kube'), { recursive: true });
    expect(await found({ env: { ...inCluster, HOME: directory } })).toBe('https://10.96.0.1:443');
    await expect(found({ env: { HOME: directory } })).rejects.toThrow('a kubeconfig is needed');
  });
});
