import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dnsResolver, lazySlices, slicesOfClusters } from '@evenly/discovery';
import { endpointKey } from '@evenly/endpoints';
import { lazyKubernetes, tokenAccess } from '@evenly/kubernetes';
import { KubeApi, serviceNameLabel } from '@evenly/local-cluster';
import { readMeshConfig } from '@evenly/mesh-config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endpointSourceOf } from '../endpoint-source.ts';
import { ClusterStates } from './cluster-states.ts';

const patience = { timeout: 30_000 };
let directory: string;
let eu: KubeApi;
let us: KubeApi;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenly-clusters-'));
  [eu, us] = await Promise.all([new KubeApi().start(), new KubeApi().start()]);
});
afterEach(async () => {
  await Promise.all([eu.stop(), us.stop()]);
  await rm(directory, { recursive: true });
});

const put = (api: KubeApi, ...addresses: string[]) =>
  api.store.put({
    metadata: { name: 'shop-1', namespace: 'default', labels: { [serviceNameLabel]: 'shop' } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ name: 'grpc', port: 1, protocol: 'TCP' }],
  });

const kubeconfig = (server: string) =>
  JSON.stringify({
    'current-context': 'x',
    clusters: [{ name: 'x', cluster: { server } }],
    users: [{ name: 'x', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  });
const file = () => join(directory, 'us');

const text = `clusters: { eu: {}, us: { kubeconfig: us, region: america } }
services: { shop: { source: { kubernetes: { service: shop, port: grpc, clusters: [us, eu] } } } }
`;

function watchShop() {
  const backoff = { initialMs: 5, maxMs: 20 };
  const clusters = new ClusterStates();
  const warnings: string[] = [];
  const context = {
    env: {},
    resolver: dnsResolver(),
    slices: lazySlices(
      lazyKubernetes({ env: {}, access: tokenAccess({ server: eu.url }), backoff }),
      'namespace',
    ),
    slicesOf: slicesOfClusters({ backoff }),
    clusters,
    staleMs: 60_000,
    emptyGraceMs: 0,
    onWarning: (message: string) => warnings.push(message),
  };
  const service = readMeshConfig(text, join(directory, 'mesh.yaml')).services.get('shop')!;
  const source = endpointSourceOf(service, undefined, context);
  const sets: string[][] = [];
  const errors: string[] = [];
  let recovered = 0;
  const stop = source.watch({
    onEndpoints: ({ endpoints }) => sets.push(endpoints.map((each) => `${endpointKey(each)} ${each.region}`)),
    onError: (error) => errors.push(error.message),
    onRecovered: () => recovered++,
  });
  const states = () => clusters.all.map(({ error: _, ...state }) => state);
  return { source, clusters, states, warnings, sets, errors, recovered: () => recovered, stop };
}

describe('a service of two clusters', () => {
  it('has the endpoints of both, each in its region', async () => {
    put(eu, '10.0.0.1');
    put(us, '10.1.0.1');
    await writeFile(file(), kubeconfig(us.url));
    const { source, sets, states, stop } = watchShop();
    await expect.poll(() => sets.at(-1), patience).toEqual(['10.0.0.1:1 eu', '10.1.0.1:1 america']);
    expect(source.description).toBe(
      'kubernetes default/shop:grpc in cluster eu + kubernetes default/shop:grpc in cluster us',
    );
    expect(states()).toEqual([
      { name: 'eu', region: 'eu', sources: 1, away: 0, endpoints: 1 },
      { name: 'us', region: 'america', sources: 1, away: 0, endpoints: 1 },
    ]);
    put(us, '10.1.0.1', '10.1.0.2');
    await expect.poll(() => sets.at(-1), patience).toHaveLength(3);
    stop();
    expect(states()).toEqual([]);
  });

  it('keeps what a cluster said last that is away, says which it is, and follows the other', async () => {
    put(eu, '10.0.0.1');
    put(us, '10.1.0.1');
    await writeFile(file(), kubeconfig(us.url));
    const { sets, errors, states, recovered, stop } = watchShop();
    await expect.poll(() => sets.at(-1), patience).toEqual(['10.0.0.1:1 eu', '10.1.0.1:1 america']);
    await us.stop();
    await expect.poll(() => errors.at(-1), patience).toMatch(/^cluster us: API server http.*ECONNREFUSED/);
    put(eu, '10.0.0.2');
    await expect.poll(() => sets.at(-1), patience).toEqual(['10.0.0.2:1 eu', '10.1.0.1:1 america']);
    expect(states()).toMatchObject([
      { name: 'eu', away: 0 },
      { name: 'us', away: 1, endpoints: 1 },
    ]);
    await us.start();
    await expect.poll(() => states().map(({ away }) => away), patience).toEqual([0, 0]);
    expect(recovered()).toBeGreaterThan(0);
    stop();
  });

  it('tells what the others have, when one of them cannot be asked from the start', async () => {
    put(eu, '10.0.0.1');
    const { sets, errors, stop } = watchShop();
    await expect.poll(() => sets.at(-1), patience).toEqual(['10.0.0.1:1 eu']);
    expect(errors[0]).toMatch(/^cluster us: cannot use kubeconfig .*us: ENOENT/);
    put(us, '10.1.0.1');
    await writeFile(file(), kubeconfig(us.url));
    await expect.poll(() => sets.at(-1), patience).toEqual(['10.0.0.1:1 eu', '10.1.0.1:1 america']);
    stop();
  });

  it('waits a while for one that says nothing at all, no longer', async () => {
    put(eu, '10.0.0.1');
    put(us, '10.1.0.1');
    us.faults.answer = 'hang';
    await writeFile(file(), kubeconfig(us.url));
    const { sets, errors, stop } = watchShop();
    await expect.poll(() => sets, { timeout: 15_000 }).toEqual([['10.0.0.1:1 eu']]);
    expect(errors).toEqual(['cluster us: no answer for 5000 ms']);
    stop();
  });

  it('counts an address that both have for the own one, and says so', async () => {
    put(eu, '10.0.0.1', '10.0.0.2');
    put(us, '10.0.0.2', '10.1.0.1', '10.0.0.1');
    await writeFile(file(), kubeconfig(us.url));
    const { sets, warnings, stop } = watchShop();
    await expect
      .poll(() => sets.at(-1), patience)
      .toEqual(['10.0.0.1:1 eu', '10.0.0.2:1 eu', '10.1.0.1:1 america']);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^10\.0\.0\.\d:1 and 1 more: an endpoint of cluster eu and one of us, so their networks overlap; it counts for eu$/,
      ) as string,
    ]);
    put(eu, '10.0.0.1', '10.0.0.3');
    await expect.poll(() => sets.at(-1), patience).toHaveLength(4);
    expect(warnings).toHaveLength(1);
    stop();
  });
});
