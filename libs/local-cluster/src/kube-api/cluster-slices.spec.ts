import { afterEach, describe, expect, it } from 'vitest';
import { localCluster } from '../harness.ts';
import { podCommand } from '../testing/index.ts';
import { followCluster, slicesOfService } from './cluster-slices.ts';
import { KubeApi } from './server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('followCluster', () => {
  it('has a slice for each pod that listens, and an empty one for a service without pods', async () => {
    const cluster = localCluster().service('be1-srv', { replicas: 2, command: podCommand() });
    const running = await cluster.start();
    ends.push(() => running.stop());
    const api = new KubeApi();
    ends.push(followCluster(api, running));
    const slices = () => api.store.list('default', () => true);
    const ports = () => slices().map(({ ports }) => ports?.[0]?.port);
    await expect.poll(ports).toEqual(running.service('be1-srv').pods.map(({ status }) => status.port));
    expect(slices()[0]!.endpoints![0]!.conditions).toEqual({
      ready: true,
      serving: true,
      terminating: false,
    });
    await running.service('be1-srv').scale(0);
    await expect.poll(slices).toMatchObject([{ metadata: { name: 'be1-srv-empty' }, endpoints: null }]);
  });

  it('says of a pod that ends that it terminates, and serves until then', () => {
    const pod = { name: 'be1-srv-1', address: '::1', port: 1234, pid: 5 };
    const status = { name: 'be1-srv', namespace: 'shop', portName: 'grpc', protocol: 'tcp', replicas: 0 };
    const [slice] = slicesOfService({ ...status, pods: [{ ...pod, state: 'terminating' }] });
    expect(slice).toMatchObject({
      metadata: { namespace: 'shop' },
      addressType: 'IPv6',
      endpoints: [{ addresses: ['::1'], conditions: { ready: false, serving: true, terminating: true } }],
      ports: [{ name: 'grpc', protocol: 'TCP', port: 1234 }],
    });
  });
});
