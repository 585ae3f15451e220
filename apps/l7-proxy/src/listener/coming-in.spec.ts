import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { authority, secretFolder } from '@evenly/local-cluster';
import { credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from '../testing/harness.ts';
import { scriptedBackend, type ScriptedBackend } from '../testing/scripted-backend.ts';

/*
 * How connections come in, and what those that say nothing, or too little, can keep others from.
 */
let backend: ScriptedBackend;
let folder: Awaited<ReturnType<typeof secretFolder>>;
let roots: Buffer;
beforeAll(async () => {
  const ca = await authority('ours');
  const { cert, key } = await ca.issue('server', { dnsNames: ['localhost'], ips: ['127.0.0.1'] });
  roots = Buffer.from(ca.cert);
  folder = await secretFolder({ 'tls.crt': cert, 'tls.key': key });
  backend = await scriptedBackend({ onEnd: (call) => call.reply() });
});
afterAll(async () => {
  await folder.remove();
  await backend.close();
});

const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

const tlsFlags = () => ['--tls-cert', folder.path('tls.crt'), '--tls-key', folder.path('tls.key')];

async function open(proxy: RunningProxy, bytes: string | Buffer = ''): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(bytes);
  return socket.resume();
}

/** By whichever end, with or without an error. */
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

const openMany = (proxy: RunningProxy, count: number, bytes: string | Buffer = '') =>
  Promise.all(Array.from({ length: count }, () => open(proxy, bytes)));

async function call(proxy: RunningProxy, secure: boolean) {
  const client = new GrpcClient(proxy.address, secure ? credentials.createSsl(roots) : undefined);
  const outcome = await client.unary('ping', { deadlineMs: 5000 });
  client.close();
  return outcome;
}

const listener = (proxy: RunningProxy) => proxy.status().listeners[0]!;
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

describe('who does not come to speak HTTP in time is closed, and counted', () => {
  it.each([
    ['a TLS handshake that never begins', () => tlsFlags(), ''],
    ['a TLS handshake that stops half way', () => tlsFlags(), Buffer.from('1603010200010001', 'hex')],
    ['a PROXY header that does not end', () => ['--proxy-protocol'], 'PROXY TCP4 '],
    ['silence after a PROXY header', () => ['--proxy-protocol', ...tlsFlags()], 'PROXY UNKNOWN\r\n'],
    ['what could become HTTP/2', () => ['--grpc-web'], 'PRI * HT'],
    ['silence where HTTP/1.1 is taken too', () => ['--grpc-web'], ''],
    ['HTTP/2 without settings', () => [], preface],
    [
      'HTTP/1.1 that does not get to the end of its headers',
      () => ['--grpc-web'],
      'POST / HTTP/1.1\r\nhost:',
    ],
    ['silence where HTTP/2 is expected', () => [], ''],
  ])('%s', async (_what, flags, bytes) => {
    await using proxy = await startProxy(oneService([backend.address]), [
      ...flags(),
      ...['--handshake-timeout', '300ms'],
    ]);
    await closed(await open(proxy, bytes));
    await expect.poll(() => listener(proxy)).toMatchObject({ connections: 0, failed: 1 });
  });
});

describe('silent connections do not fill the port', () => {
  it('of one address they have half, and are refused above that', async () => {
    const flags = [...tlsFlags(), '--max-connections', '20', '--max-connections-per-address', '10'];
    await using proxy = await startProxy(oneService([backend.address]), flags);
    await openMany(proxy, 30);
    await expect.poll(() => listener(proxy).refused).toBe(20);
    expect(await proxy.metrics.metrics()).toContain(
      'evenly_proxy_client_connections_refused_total{listener="proxy",reason="address"} 20',
    );
    sockets.splice(0).forEach((socket) => socket.destroy());
    await expect.poll(() => listener(proxy).failed).toBe(10);
    expect(await call(proxy, true)).toMatchObject({ code: 'OK' });
  });

  it('of many addresses they make place for those who speak', async () => {
    const flags = [...tlsFlags(), '--proxy-protocol', '--max-connections', '20'];
    await using proxy = await startProxy(oneService([backend.address]), flags);
    // The PROXY header says who it is: each is another client.
    for (let count = 0; count < 40; count++) {
      await open(proxy, `PROXY TCP4 192.0.2.${count} 192.0.2.200 1 2\r\n`);
    }
    await expect.poll(() => listener(proxy)).toMatchObject({ failed: 30, refused: 0 });
  });

  it('the address is that of the PROXY header, and the load balancer itself is no client', async () => {
    const flags = ['--proxy-protocol', '--max-connections', '20', '--max-connections-per-address', '2'];
    await using proxy = await startProxy(oneService([backend.address]), flags);
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const from = (header: string) => Buffer.concat([Buffer.from(`${header}\r\n${preface}`), settings]);
    await openMany(proxy, 4, from('PROXY TCP4 192.0.2.1 192.0.2.200 1 2'));
    await openMany(proxy, 2, from('PROXY TCP4 192.0.2.2 192.0.2.200 1 2'));
    await openMany(proxy, 4, from('PROXY UNKNOWN'));
    await expect.poll(() => listener(proxy)).toMatchObject({ connections: 8, refused: 2, failed: 0 });
  });

  it('a connection that comes in while the listener drains is asked to end', async () => {
    const flags = ['--grpc-web', '--max-connection-age-grace', '1s'];
    await using proxy = await startProxy(oneService([backend.address]), flags);
    await call(proxy, false);
    const other = await open(proxy, preface.slice(0, 8));
    await expect.poll(() => listener(proxy).accepted).toBe(1);
    await proxy.drain(new AbortController().signal);
    other.write(Buffer.concat([Buffer.from(preface.slice(8)), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]));
    const received: Buffer[] = [];
    other.on('data', (bytes: Buffer) => received.push(bytes));
    await expect.poll(() => Buffer.concat(received).includes(Buffer.from([0, 0, 8, 7, 0]))).toBe(true); // GOAWAY
  });
});
