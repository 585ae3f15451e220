import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { PodStatus } from './pod.ts';
import { VirtualIp } from './virtual-ip.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A pod that greets with its name, then says back what it is sent. */
async function pod(name: string): Promise<PodStatus & { server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  ends.push(() => sockets.forEach((socket) => socket.destroy()));
  const { port } = server.address() as AddressInfo;
  return { name, state: 'running', address: '127.0.0.1', port, server, sockets };
}

async function start(pods: readonly PodStatus[]) {
  const ip = new VirtualIp({ host: '127.0.0.1', port: 0 }, () => pods);
  await ip.start();
  ends.push(() => ip.stop());
  return ip;
}

async function open(ip: VirtualIp) {
  const socket = connect(ip.status.port, '127.0.0.1');
  ends.push(() => socket.destroy());
  const [greeting] = (await once(socket, 'data')) as [Buffer];
  return { socket, pod: greeting.toString().trim() };
}

describe('a virtual IP', () => {
  it('leads each new connection to one of the ready pods, at random', async () => {
    const pods = [await pod('a'), await pod('b'), { ...(await pod('c')), state: 'terminating' as const }];
    const ip = await start(pods);
    const reached = await Promise.all(Array.from({ length: 40 }, () => open(ip)));
    // The odds that forty throws all fall on one side are one in 2^39.
    expect(new Set(reached.map((each) => each.pod))).toEqual(new Set(['a', 'b']));
    const { connections } = ip.status;
    expect((connections['a'] ?? 0) + (connections['b'] ?? 0)).toBe(40);
  });

  it('leaves a connection where it is, though the pod is not ready any more', async () => {
    const first = await pod('a');
    const pods: PodStatus[] = [first];
    const ip = await start(pods);
    const { socket } = await open(ip);
    pods[0] = { ...first, state: 'terminating' };
    pods.push(await pod('b'));
    socket.write('still there?');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('still there?');
    expect((await open(ip)).pod).toBe('b');
  });

  it('passes the end of a connection on, both ways', async () => {
    const only = await pod('a');
    const ip = await start([only]);
    const first = await open(ip);
    first.socket.end();
    await once(first.socket, 'close');
    const second = await open(ip);
    for (const socket of only.sockets) socket.resetAndDestroy();
    await once(second.socket, 'error');
    await expect.poll(() => ip.status.connections).toEqual({});
  });

  it('refuses when no pod is ready, and when the pod that it chose is gone', async () => {
    const gone = await pod('a');
    gone.server.close();
    for (const pods of [[], [gone]]) {
      const ip = await start(pods);
      const [error] = (await once(connect(ip.status.port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNRESET');
    }
  });

  it('cuts what is open when it stops, and says which port is taken', async () => {
    const ip = await start([await pod('a')]);
    const { socket } = await open(ip);
    const { port } = ip.status;
    await expect(new VirtualIp({ host: '127.0.0.1', port }, () => []).start()).rejects.toMatchObject({
      code: 'PORT_IN_USE',
    });
    await Promise.all([once(socket, 'close'), ip.stop()]);
  });
});
