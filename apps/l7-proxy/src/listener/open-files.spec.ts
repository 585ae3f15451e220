import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService } from '../testing/harness.ts';
import { startProxyProcess } from '../testing/proxy-process.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

it('clients that take all files are refused, endpoints and the admin port are still reached', async () => {
  await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
  const flags = ['--max-connections-per-address', '10000'];
  await using proxy = await startProxyProcess(oneService([backend.address]), flags, [], 256);
  const client = new GrpcClient(proxy.address);
  await client.unary(); // it is in; its call's endpoint may have been reached before
  const sockets: Socket[] = [];
  for (let count = 0; count < 300; count++) {
    const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    if (count % 30 === 0) expect(await proxy.healthz()).toBe(200);
  }
  const listener = async () => (await proxy.status()).listeners[0]!;
  await expect.poll(async () => (await listener()).refused).toBeGreaterThan(150);
  expect(await proxy.metrics()).toMatch(
    /connections_refused_total\{listener="proxy",reason="files"\} [12]\d\d/,
  );
  await using other = await scriptedBackend({ onEnd: (call) => call.reply() });
  await proxy.write(oneService([other.address]));
  await expect.poll(() => proxy.applied).toBe(2);
  expect(await client.unary('ping', { deadlineMs: 5000 })).toMatchObject({ code: 'OK' });
  expect(other.calls).toHaveLength(1);
  for (let probe = 0; probe < 10; probe++) expect(await proxy.healthz()).toBe(200);
  client.close();
  sockets.forEach((socket) => socket.destroy());
});
