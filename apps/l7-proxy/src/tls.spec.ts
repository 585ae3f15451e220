import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { authority, secretFolder, type Pair } from '@evenly/local-cluster';
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GrpcClient } from './testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from './testing/harness.ts';
import { scriptedBackend } from './testing/scripted-backend.ts';

type Authority = Awaited<ReturnType<typeof authority>>;
type Folder = Awaited<ReturnType<typeof secretFolder>>;

const local = { dnsNames: ['localhost', 'echo'], ips: ['127.0.0.1'] };
let ca: Authority;
let stranger: Authority;
let server: Pair;
let client: Pair;
beforeAll(async () => {
  [ca, stranger] = await Promise.all([authority('ours'), authority('somebody else')]);
  [server, client] = await Promise.all([ca.issue('server', local), ca.issue('client', {})]);
});

const filesOf = ({ cert, key }: Pair, ca: string) => ({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca });
let folder: Folder;
beforeEach(async () => void (folder = await secretFolder(filesOf(server, ca.cert))));
afterEach(() => folder.remove());

const logged = (proxy: RunningProxy, part: string) => () =>
  proxy.log.filter(({ message }) => message.includes(part)).length;
const replying = () => scriptedBackend({ onEnd: (call) => call.reply() });

/** What one call with these credentials comes to. */
async function call(address: string, roots: string | undefined, pair?: Pair) {
  const ssl = (trusted: string) =>
    pair === undefined
      ? credentials.createSsl(Buffer.from(trusted))
      : credentials.createSsl(Buffer.from(trusted), Buffer.from(pair.key), Buffer.from(pair.cert));
  const one = new GrpcClient(address, roots === undefined ? undefined : ssl(roots));
  const outcome = await one.unary('ping', { deadlineMs: 5000 });
  one.close();
  return outcome;
}

describe('TLS towards clients', () => {
  const flags = (...more: string[]) => [
    ...['--tls-cert', folder.path('tls.crt'), '--tls-key', folder.path('tls.key')],
    ...more,
  ];

  it('serves h2 by ALPN to who trusts its certificate, and no plaintext', async () => {
    await using backend = await replying();
    await using proxy = await startProxy(oneService([backend.address]), flags());
    expect(await call(proxy.address, ca.cert)).toMatchObject({ code: 'OK' });
    expect(backend.calls[0]!.headers.get('x-forwarded-proto')).toBe('https');
    expect(await call(proxy.address, stranger.cert)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await call(proxy.address, undefined)).toMatchObject({ code: 'UNAVAILABLE' });
    const other = tlsConnect({ port: proxy.port, ca: ca.cert, ALPNProtocols: ['spdy/3'] });
    const [error] = (await once(other, 'error')) as [Error];
    expect(error.message).toContain('no application protocol');
  });

  it('mTLS: only clients with a certificate of its authorities', async () => {
    await using backend = await replying();
    const mutual = flags('--tls-client-ca', folder.path('ca.crt'));
    await using proxy = await startProxy(oneService([backend.address]), mutual);
    expect(await call(proxy.address, ca.cert, client)).toMatchObject({ code: 'OK' });
    expect(await call(proxy.address, ca.cert)).toMatchObject({ code: 'UNAVAILABLE' });
    const other = await stranger.issue('client', {});
    expect(await call(proxy.address, ca.cert, other)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(backend.calls).toHaveLength(1);
  });

  it('follows the files: new connections see the new certificate, open ones go on; broken ones are refused', async () => {
    await using backend = await replying();
    await using proxy = await startProxy(oneService([backend.address]), flags());
    const old = new GrpcClient(proxy.address, credentials.createSsl(Buffer.from(ca.cert)));
    expect(await old.unary()).toMatchObject({ code: 'OK' });

    await folder.swap(filesOf({ cert: 'no certificate', key: server.key }, ca.cert));
    await expect.poll(logged(proxy, 'last good ones stay')).toBeGreaterThan(0);
    expect(await call(proxy.address, ca.cert)).toMatchObject({ code: 'OK' });

    await folder.swap(filesOf(await stranger.issue('server', local), ca.cert));
    await expect.poll(logged(proxy, 'new certificates')).toBe(1);
    expect(await call(proxy.address, stranger.cert)).toMatchObject({ code: 'OK' });
    expect(await call(proxy.address, ca.cert)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await old.unary()).toMatchObject({ code: 'OK' });
    old.close();
  });
});

/** One TLS connection. @returns the session that its client may resume (who resumes one gets no other), and whether it did */
async function session(port: number, pair?: Pair, resumed?: Buffer) {
  const more = { ...pair, ...(resumed && { session: resumed }) };
  const socket = tlsConnect({ port, ca: ca.cert, ALPNProtocols: ['h2'], ...more });
  const ticket = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  await once(socket, 'secureConnect');
  const reused = socket.isSessionReused();
  socket.resume();
  const resumable = reused ? resumed! : await ticket;
  socket.destroy();
  return { reused, resumable };
}

describe('TLS sessions', () => {
  const flags = (...more: string[]) => [
    ...['--tls-cert', folder.path('tls.crt'), '--tls-key', folder.path('tls.key')],
    ...more,
  ];

  it('are resumed, also after new certificates', async () => {
    await using proxy = await startProxy(oneService(['127.0.0.1:9']), flags());
    const { reused, resumable } = await session(proxy.port);
    expect(reused).toBe(false);
    const again = () => session(proxy.port, undefined, resumable);
    expect(await again()).toMatchObject({ reused: true });
    await folder.swap(filesOf(await ca.issue('server', local), ca.cert));
    await expect.poll(logged(proxy, 'new certificates')).toBe(1);
    expect(await again()).toMatchObject({ reused: true });
    expect(await session(proxy.port)).toMatchObject({ reused: false });
  });

  it('of clients with certificates end with the authorities', async () => {
    await using proxy = await startProxy(
      oneService(['127.0.0.1:9']),
      flags('--tls-client-ca', folder.path('ca.crt')),
    );
    const { resumable } = await session(proxy.port, client);
    const again = () => session(proxy.port, client, resumable);
    expect(await again()).toMatchObject({ reused: true });
    await folder.swap(filesOf(server, `${ca.cert}\n${stranger.cert}`));
    await expect.poll(logged(proxy, 'new certificates')).toBe(1);
    expect(await again()).toMatchObject({ reused: false });
  });
});

describe('TLS towards endpoints', () => {
  const config = (address: string, tls: string) => oneService([address], `    tls: ${tls}`);
  const mutual = () =>
    `{ ca: ${folder.path('ca.crt')}, cert: ${folder.path('tls.crt')}, key: ${folder.path('tls.key')} }`;

  it('checks their certificates, asks by SNI, and shows its own', async () => {
    await folder.swap(filesOf(client, ca.cert));
    await using backend = await secureBackend(server, ca.cert);
    await using proxy = await startProxy(config(backend.address, mutual()));
    expect(await call(proxy.address, undefined)).toMatchObject({ code: 'OK' });
    expect(backend.seen).toEqual([{ servername: 'echo', subject: 'client' }]);
  });

  it.each([
    ['of other authorities', () => stranger.issue('server', local), '', /self-signed|unable to/],
    [
      'for another name',
      () => ca.issue('server', local),
      ', serverName: other.example.org',
      /other\.example\.org/,
    ],
  ])('calls nobody with a certificate %s', async (_what, pair, more, reason) => {
    await using backend = await secureBackend(await pair(), undefined);
    await using proxy = await startProxy(config(backend.address, `{ ca: ${folder.path('ca.crt')}${more} }`));
    const outcome = await call(proxy.address, undefined);
    expect(outcome.code).toBe('UNAVAILABLE');
    expect(outcome.details).toMatch(reason);
  });

  it('follows the files: the next connection shows the new certificate', async () => {
    await folder.swap(filesOf(client, ca.cert));
    await using backend = await secureBackend(server, ca.cert);
    await using proxy = await startProxy(config(backend.address, mutual()), [
      '--upstream-max-connection-age',
      '1s',
    ]);
    expect(await call(proxy.address, undefined)).toMatchObject({ code: 'OK' });
    await folder.swap(filesOf(await ca.issue('renewed', {}), ca.cert));
    await expect.poll(() => backend.seen.at(-1)!.subject).toBe('renewed');
    expect(await call(proxy.address, undefined)).toMatchObject({ code: 'OK' });
  });

  it('asks for their health the same way', async () => {
    await folder.swap(filesOf(client, ca.cert));
    await using backend = await secureBackend(server, ca.cert);
    const checked = `${mutual()}\n    healthCheck: { interval: 1s }`;
    await using proxy = await startProxy(config(backend.address, checked));
    expect(await call(proxy.address, undefined)).toMatchObject({ code: 'OK' });
    expect(backend.seen).toEqual([
      { servername: 'echo', subject: 'client' },
      { servername: 'echo', subject: 'client' },
    ]);
    expect(backend.healthChecksOf[0]).toBe('echo');
  });

  it('a new config turns TLS on', async () => {
    await using backend = await secureBackend(server, undefined);
    await using proxy = await startProxy(oneService([backend.address]));
    expect(await call(proxy.address, undefined)).toMatchObject({ code: 'UNAVAILABLE' });
    await proxy.write(config(backend.address, `{ ca: ${folder.path('ca.crt')} }`));
    await expect.poll(async () => (await call(proxy.address, undefined)).code).toBe('OK');
  });
});

describe('options of TLS that cannot be used', () => {
  // in a config: bad-input.spec.ts
  it.each([
    [['--tls-cert', 'a'], '--tls-cert and --tls-key need each other'],
    [['--tls-client-ca', 'a'], '--tls-client-ca needs --tls-cert'],
    [['--cors-origins', '*'], '--cors-origins needs --grpc-web'],
    [['--tls-cert', '/nowhere/a', '--tls-key', '/nowhere/b'], 'cannot be read'],
  ])('options that do not fit: %j', async (flags, reason) => {
    await expect(startProxy(oneService(['127.0.0.1:9']), flags)).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(reason) as string,
    });
  });
});

/** A gRPC backend behind TLS that notes who connects and whom they ask for. */
async function secureBackend({ cert, key }: Pair, clientCa: string | undefined) {
  const seen: { servername: string; subject: string | undefined }[] = [];
  const healthChecksOf: string[] = [];
  const mutual = clientCa === undefined ? {} : { ca: clientCa, requestCert: true };
  const backend = createSecureServer({ cert, key, ...mutual }, (request, response) => {
    response.setHeader('content-type', 'application/grpc');
    if (request.url.startsWith('/grpc.health.v1.')) healthChecksOf.push(request.authority);
    request.resume().on('end', () => {
      response.write(Buffer.from([0, 0, 0, 0, 2, 8, 1])); // to a health check: SERVING
      response.addTrailers({ 'grpc-status': '0' });
      response.end();
    });
  });
  const sockets = new Set<TLSSocket>();
  backend.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
    seen.push({ servername: String((socket as { servername?: string }).servername), subject: subject?.CN });
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const { port } = (backend as unknown as Server).address() as AddressInfo;
  return {
    seen,
    /** What health checks asked for as `:authority`. */
    healthChecksOf,
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      backend.close();
    },
  };
}
