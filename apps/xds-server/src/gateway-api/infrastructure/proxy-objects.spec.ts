import type { ApiObject, KubernetesApi } from '@evenly/kubernetes';
import { describe, expect, it } from 'vitest';
import { ProxyObjects } from './proxy-objects.ts';

const metadata = {
  namespace: 'shop',
  name: 'front-evenly',
  ownerReferences: [{ kind: 'Gateway', name: 'front' }],
};

/** What is known of Gateways, given the Deployments and Services that stand there. */
function factsOf(deployments: readonly object[], services: readonly object[]) {
  const watch: KubernetesApi['watch'] = (kind, _scope, listener) => {
    const objects = kind.kind === 'Deployment' ? deployments : services;
    const read = objects.map((one, index) => [`${index}`, kind.read(one as ApiObject)] as const);
    listener.onObjects(new Map(read), new Set());
    return () => undefined;
  };
  const proxies = new ProxyObjects({ watch }, { onChange: () => undefined, onError: () => undefined });
  return Object.fromEntries(proxies.facts().gateways);
}

const deployment = (status: unknown = { availableReplicas: 1 }) => ({ metadata, status });
const service = (spec: unknown, status?: unknown) => ({ metadata, spec, status });

describe('ProxyObjects', () => {
  it.each([
    ['an address', { ingress: [{ ip: '192.0.2.1' }] }, [{ type: 'IPAddress', value: '192.0.2.1' }]],
    ['a name', { ingress: [{ hostname: 'lb.test' }] }, [{ type: 'Hostname', value: 'lb.test' }]],
    ['none yet', {}, []],
    ['an entry that says nothing', { ingress: [{}] }, []],
  ])('takes the addresses that a load balancer gave: %s', (_what, loadBalancer, addresses) => {
    expect(factsOf([deployment()], [service({ type: 'LoadBalancer' }, { loadBalancer })])).toEqual({
      'shop/front': { available: true, addresses },
    });
  });

  it("takes a Service's own address else, if it has one", () => {
    const addresses = [{ type: 'IPAddress', value: '10.0.0.1' }];
    expect(factsOf([deployment()], [service({ type: 'ClusterIP', clusterIP: '10.0.0.1' })])).toEqual({
      'shop/front': { available: true, addresses },
    });
    expect(factsOf([deployment({})], [service({ clusterIP: 'None' })])).toEqual({
      'shop/front': { available: false, addresses: [] },
    });
  });

  it.each([
    { metadata: { ...metadata, ownerReferences: 'x' } },
    { metadata: { ...metadata, ownerReferences: [null] } },
    { metadata: { ...metadata, ownerReferences: [{ kind: 'ReplicaSet', name: 'x' }] } },
    { metadata: { name: 'x', namespace: 'shop' } },
    { metadata, status: 7 },
    { metadata, status: { availableReplicas: 'many' } },
  ])('leaves out what is not of a Gateway, or of no form that it knows: %j', (object) => {
    expect(factsOf([object], [service({ type: 'LoadBalancer' })])).toEqual({});
  });
});
