import { experimental } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { register } from './grpc-js/index.ts';
import { tokenAccess } from '@evenly/kubernetes';
import { sliceObject, testKube } from './testing/kube.ts';

const slices = 50;
const perSlice = 100;

it('tells a channel exactly the 5,000 endpoints of 50 slices, after each of 100 changes', async () => {
  const { server } = await testKube();
  register({ kubernetes: { access: tokenAccess({ server: server.url }) } });
  const address = (slice: number, index: number) => `10.${slice}.0.${index}`;
  const content = Array.from({ length: slices }, (_, slice) =>
    Array.from({ length: perSlice }, (_each, index) => address(slice, index)),
  );
  const put = (slice: number) => {
    const endpoints = content[slice]!.map((each) => ({ addresses: [each] }));
    server.store.put(sliceObject(`slice-${slice}`, { endpoints }));
  };
  for (const slice of content.keys()) put(slice);

  let told: string[] = [];
  const listener: experimental.ResolverListener = (endpoints) => {
    if (endpoints.ok)
      told = endpoints.value.flatMap(({ addresses }) =>
        addresses.map((each) => ('host' in each ? each.host : '')),
      );
    return true;
  };
  const uri = { scheme: 'k8s', authority: '', path: 'be1-srv.default:grpc' };
  const resolver = experimental.createResolver(uri, listener, {});
  resolver.updateResolution();
  const expected = () => content.flat().sort();
  const sorted = () => [...told].sort();
  await expect.poll(() => told.length).toBe(slices * perSlice);
  expect(sorted()).toEqual(expected());
  for (let change = 0; change < 100; change++) {
    const slice = (change * 7) % slices;
    if (change % 2 === 0) content[slice]!.shift();
    else content[slice]!.push(address(slice, 200 + (change % 55)));
    put(slice);
    await expect.poll(() => told.length, { interval: 1 }).toBe(expected().length);
    expect(sorted()).toEqual(expected());
  }
  resolver.destroy();
  await expect.poll(() => server.watches).toBe(0);
  await server.stop();
  register();
});
