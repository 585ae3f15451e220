import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { afterEach, expect, it } from 'vitest';
import { xdsServerProcess } from '../testing/harness.ts';

let running: Awaited<ReturnType<typeof xdsServerProcess>> | undefined;
afterEach(() => running?.stop());

const name = 'grpc/server?xds.resource.listening_address=10.0.0.7:50051';
const mesh = (...services: string[]) =>
  JSON.stringify({
    services: Object.fromEntries(services.map((each) => [each, { source: { static: { endpoints: [] } } }])),
  });

it('a gRPC server gets the listener of its service, is told when there is none, and when there is one again', async () => {
  const server = (running = await xdsServerProcess(mesh('shop')));
  await server.started();
  const asking = server.client({ cluster: 'shop', id: 'shop-1' });
  const unknown = server.client({ cluster: 'shopp', id: 'shop-2' });
  for (const client of [asking, unknown]) client.subscribe('listener', name);
  const names = () => asking.bodies('listener')?.map((body) => Listener.decode(body).name);
  await expect.poll(names).toEqual([name]);
  await server.rewriteConfig(mesh('other'));
  await expect.poll(names).toEqual([]);
  await server.rewriteConfig(mesh('shop', 'other'));
  await expect.poll(names).toEqual([name]);
  await expect.poll(() => server.server.log.lines.join('\n')).toMatch(/"shop-2".*"shopp".*stays NOT_SERVING/);
  expect(server.server.log.lines.join('\n')).not.toMatch(/"shop-1".*stays NOT_SERVING/);
  asking.close();
  unknown.close();
});
