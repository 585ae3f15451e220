import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeApi } from '@evenly/local-cluster';
import { addressKind, sliceObject } from '../testing/slices.ts';
import { KubernetesApi } from './kubernetes-api.ts';

let server: KubeApi;
let api: KubernetesApi;
beforeEach(async () => {
  server = await new KubeApi().start();
  api = new KubernetesApi({ server: server.url, requestOptions: async () => ({}) });
});
afterEach(async () => {
  api.close();
  await server.stop();
});

describe('list', () => {
  it('has all objects, of as many pages as there are, without a watch', async () => {
    const addresses = Array.from({ length: 1200 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    for (const [n, address] of addresses.entries())
      server.store.put(sliceObject(`s${n}`, { endpoints: [{ addresses: [address] }] }));
    expect((await api.list(addressKind, { namespace: 'default' })).flat().sort()).toEqual(addresses.sort());
    expect(server.counters).toMatchObject({ lists: 3, watches: 0 });
  });

  it('says what RBAC does not allow, and which kinds the server does not know', async () => {
    server.faults.forbidKinds = ['endpointslices'];
    await expect(api.list(addressKind, {})).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('RBAC allows no "list" of endpointslices') as string,
    });
    const unknown = { ...addressKind, plural: 'routes' };
    await expect(api.list(unknown, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
