import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { echoing } from '../testing/responding-server.ts';
import { SocketLoop } from './loop.ts';
import { createHttp2Server } from './serve.ts';
import { StartingSockets } from './starting-sockets.ts';
import { TlsHandshakes } from './tls-handshakes.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

// A pre-shared key instead of a certificate: nothing to generate, nothing to expire.
const shared = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
const psk = Buffer.from('0123456789abcdef');

async function serve(limits: { timeoutMs?: number; maxStarting?: number }) {
  const failed: string[] = [];
  const starting = new StartingSockets({
    maxStarting: 100,
    ...limits,
    onFailed: (reason) => failed.push(reason),
  });
  const handshakes = new TlsHandshakes({ ...shared, pskCallback: () => psk }, starting);
  const server = createHttp2Server({
    loop: new SocketLoop(),
    tls: handshakes,
    accept: (one) => echoing(one),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, failed, starting, server };
}

async function raw(port: number): Promise<Socket> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket.resume();
}

/** By whichever end, with or without an error. */
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

/** A client that does all of its handshake. */
function secure(port: number, ALPNProtocols = ['h2']): tls.TLSSocket {
  const socket = tls.connect({
    ...shared,
    port,
    host: '127.0.0.1',
    ALPNProtocols,
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
  });
  closers.push(() => socket.destroy());
  return socket.on('error', () => undefined);
}

/** The first bytes of a client: the record of a ClientHello that says it is longer. */
const halfHello = Buffer.from('1603010200010001', 'hex');

describe('a TLS handshake', () => {
  it.each([
    ['that never begins', Buffer.alloc(0)],
    ['that stops half way', halfHello],
  ])('%s is closed at its time, and told once', async (_what, bytes) => {
    const { port, failed, starting } = await serve({ timeoutMs: 100 });
    const socket = await raw(port);
    socket.write(bytes);
    await closed(socket);
    expect(failed).toEqual(['did not get to HTTP in time']);
    expect(starting.size).toBe(0);
  });

  it('that comes byte by byte has no more time than another', async () => {
    const { port, failed } = await serve({ timeoutMs: 150 });
    const socket = await raw(port);
    socket.write(halfHello);
    const drip = setInterval(() => socket.write('\0'), 10); // of the 512 bytes that were announced
    await closed(socket);
    clearInterval(drip);
    expect(failed).toEqual(['did not get to HTTP in time']);
  });

  it('that is none, or whose client goes, is told once too', async () => {
    const { port, failed } = await serve({});
    const plain = await raw(port);
    plain.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await closed(plain);
    await expect.poll(() => failed).toHaveLength(1);
    (await raw(port)).destroy();
    await expect.poll(() => failed).toHaveLength(2);
    const reset = await raw(port);
    reset.write(halfHello);
    reset.resetAndDestroy();
    await expect.poll(() => failed).toHaveLength(3);
  });

  it('that ends well is out of the guard’s hands', async () => {
    const { port, failed, starting } = await serve({ timeoutMs: 300 });
    const client = secure(port);
    await once(client, 'secureConnect');
    await expect.poll(() => starting.size).toBe(0);
    const silent = await raw(port);
    await closed(silent); // more than the time has passed for the other
    expect(client.destroyed).toBe(false);
    expect(failed).toHaveLength(1);
  });

  it('with none of the protocols is closed', async () => {
    const { port, failed } = await serve({});
    await closed(secure(port, []));
    expect(failed).toEqual(['the client speaks nothing that is spoken here (ALPN)']);
  });

  it('when too many stand still, the oldest make place, and others get through', async () => {
    const { port, failed, starting } = await serve({ maxStarting: 5 });
    const silent: Socket[] = [];
    for (let count = 0; count < 50; count++) silent.push(await raw(port));
    await expect.poll(() => failed).toHaveLength(45);
    const client = secure(port);
    await once(client, 'secureConnect');
    expect(starting.size).toBeLessThanOrEqual(5);
    expect(client.alpnProtocol).toBe('h2');
    expect(silent.filter(({ destroyed }) => destroyed).length).toBeGreaterThanOrEqual(45);
  });
});
