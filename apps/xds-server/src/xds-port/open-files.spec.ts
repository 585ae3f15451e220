import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { servingPod, svcConfig, xdsServerProcess } from '../testing/harness.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

it('clients that take all files are refused, pods and the admin port are still reached', async () => {
  const pods = [await servingPod(), await servingPod()] as const;
  stops.push(...pods.map(({ stop }) => stop));
  const flags = ['--max-connections-per-address', '10000'];
  const running = await xdsServerProcess(svcConfig('be1-srv'), flags, {}, 256);
  stops.push(running.stop);
  running.publish('be1-srv', pods[0].port);
  await running.started();
  const client = running.client();
  stops.push(client.close);
  client.subscribe('endpoints', 'be1-srv-cluster');
  await expect.poll(() => client.ports('be1-srv-cluster')).toEqual([pods[0].port]);

  const sockets: Socket[] = [];
  stops.push(() => sockets.forEach((socket) => socket.destroy()));
  for (let count = 0; count < 300; count++) {
    const socket = connect(running.xdsPort(), '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    if (count % 30 === 0) expect((await running.admin('/healthz')).status).toBe(200);
  }
  await expect
    .poll(async () => (await running.admin('/metrics')).text())
    .toMatch(/connections_refused_total\{[^}]*reason="files"[^}]*\} [12]\d\d/);
  for (let probe = 0; probe < 10; probe++) expect((await running.admin('/healthz')).status).toBe(200);
  // Of a new pod the health has to be asked, which needs a connection; and who came before the others is served.
  running.publish('be1-srv', pods[0].port, pods[1].port);
  await expect.poll(() => client.ports('be1-srv-cluster')).toEqual([pods[0].port, pods[1].port].sort());
});
