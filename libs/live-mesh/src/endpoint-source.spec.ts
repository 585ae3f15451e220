import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dnsResolver, lazySlices, slicesOfClusters } from '@evenly/discovery';
import { lazyKubernetes } from '@evenly/kubernetes';
import { endpointKey } from '@evenly/endpoints';
import { readMeshConfig } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { endpointSourceOf } from './endpoint-source.ts';

const env = { HOME: '/nowhere' };
const context = {
  env,
  resolver: dnsResolver(),
  slicesOf: slicesOfClusters(),
  slices: lazySlices(lazyKubernetes({ env }), 'namespace'),
  staleMs: 60_000,
  emptyGraceMs: 60_000,
};

function watch(text: string, subset?: string) {
  const service = readMeshConfig(text, 'mesh.yaml').services.get('a')!;
  const sets: string[][] = [];
  const errors: string[] = [];
  const stop = endpointSourceOf(service, subset, context).watch({
    onEndpoints: (set) => sets.push(set.endpoints.map(endpointKey)),
    onError: (error) => errors.push(error.message),
    onRecovered: () => {},
  });
  return { sets, errors, stop };
}

describe('endpointSourceOf', () => {
  it("tells a service's own endpoints, or a subset's", async () => {
    const text = `services:
  a:
    source: { static: { endpoints: ["127.0.0.1:1"] } }
    subsets: { v2: { source: { static: { endpoints: ["127.0.0.1:2"] } } } }
`;
    const [own, v2] = [watch(text), watch(text, 'v2')];
    await expect.poll(() => own.sets).toEqual([['127.0.0.1:1']]);
    await expect.poll(() => v2.sets).toEqual([['127.0.0.1:2']]);
    own.stop();
    v2.stop();
  });

  it('reads an endpoint file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'evenly-endpoint-source-'));
    await writeFile(join(directory, 'e.json'), '{ "endpoints": ["127.0.0.1:7"] }');
    const { sets, errors, stop } = watch(
      `services: { a: { source: { file: { path: "${directory}/e.json" } } } }`,
    );
    await expect.poll(() => [sets, errors]).toEqual([[['127.0.0.1:7']], []]);
    stop();
    await rm(directory, { recursive: true });
  });

  it('holds back endpoints that do not answer their health check', async () => {
    const text = `services:
  a:
    source: { static: { endpoints: ["127.0.0.1:1"] } }
    healthCheck: { grpcService: "", timeout: 100ms, interval: 100ms }
`;
    const { sets, errors, stop } = watch(text);
    await expect.poll(() => errors[0]).toContain('none of 1 endpoints answers its health check');
    expect(sets).toEqual([]);
    stop();
  });

  it('says that there is no cluster when a config wants one', async () => {
    const text = 'services: { a: { source: { kubernetes: { service: a, namespace: b, port: grpc } } } }';
    const { errors, stop } = watch(text);
    await expect.poll(() => errors[0]).toContain('a kubeconfig is needed');
    stop();
  });
});
