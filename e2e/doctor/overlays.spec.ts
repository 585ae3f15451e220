import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { kustomize, pathOf } from '../helm/rendered.ts';
import { linesOf, reportOf, runDoctor } from './doctor.ts';
import { expected, namespacesOf } from './expected.ts';
import { ServedCluster } from './served-cluster.ts';

let cluster: ServedCluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function serve(overlay: string, options: { without?: string[] } = {}): Promise<string> {
  cluster = await ServedCluster.start(await kustomize(overlay), options);
  return `--kubeconfig=${cluster.kubeconfig}`;
}

/** With the namespaces numbered, as their names are those of the overlays. */
const shapeOf = (overlay: string) =>
  namespacesOf(overlay).reduce(
    (text, namespace, index) => text.replaceAll(`${namespace}/`, `${index}/`),
    expected[overlay]!.join('\n'),
  );

describe('the doctor, of what an API server has of each overlay', () => {
  it.each(Object.keys(expected))('%s', async (overlay) => {
    const report = await reportOf(await serve(overlay));
    expect(linesOf(report)).toEqual(expected[overlay]);
    expect(report.notRead).toEqual([]);
  });

  it('there is no overlay of which nothing is expected', () => {
    const overlays = readdirSync(pathOf('k8s/overlays')).filter((name) => name !== 'istio');
    const istio = ['plain', 'sidecar', 'proxyless'].map((name) => `istio/${name}`);
    expect([...overlays, ...istio].sort()).toEqual(Object.keys(expected).sort());
  });

  it('tells them all apart, and not by names alone', () => {
    const overlays = Object.keys(expected);
    expect(new Set(overlays.map(shapeOf)).size).toBe(overlays.length);
  });
});

describe('in a cluster', () => {
  it('without the Gateway API nothing is missing', async () => {
    const kubeconfig = await serve('clusterip', { without: ['grpcroutes', 'gateways'] });
    expect((await reportOf(kubeconfig)).isComplete).toBe(true);
  });

  it('that lets nobody read ConfigMaps, whom a proxy calls is not known, which is said', async () => {
    const kubeconfig = await serve('proxy');
    cluster!.api.faults.forbidKinds = ['configmaps'];
    const { isComplete, notRead, services } = await reportOf(kubeconfig);
    expect([isComplete, notRead.map(({ what }) => what)]).toEqual([false, ['configmap l7-proxy-config']]);
    expect(services.find(({ name }) => name === 'be1-srv')!.balanced).toBe('unknown');
  });

  it('the report for people says what is wrong, and ends with 1', async () => {
    const { code, stdout } = await runDoctor(await serve('clusterip'));
    expect(code).toBe(1);
    expect(stdout).toContain('No: each client keeps to one pod, by its one connection: clusterip/be1-srv');
  });
});
