import { once } from 'node:events';
import { connect as http2Connect } from 'node:http2';
import { connect as netConnect } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { endpointSet } from '@evenly/endpoints';
import { authority, type Pair } from '@evenly/local-cluster';
import { listenerDefaults, readMeshConfig, type ServerCertificate } from '@evenly/mesh-config';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import {
  endpointAssignment,
  nodeInfo,
  proxyUserAgent,
  ResourceCache,
  routingResources,
  sendOrder,
  typeUrlOf,
} from '@evenly/xds';
import { beforeAll, describe, expect, it } from 'vitest';
import { problemsOf } from '../admin/problems.ts';
import { startProxyWith, type RunningProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';
import { ScriptedXdsServer } from '../testing/scripted-xds-server.ts';

/* From the config of an xDS server to TLS clients of the proxy. */

type Authority = Awaited<ReturnType<typeof authority>>;
let ca: Authority;
const pairs = new Map<string, Pair>();
beforeAll(async () => {
  ca = await authority('ours');
  for (const name of ['shop.example', '*.example', '*.deep.example', 'any', 'renewed'])
    pairs.set(name, await ca.issue(name, { dnsNames: [name] }));
});

/** The certificate that is called `shown` too. */
const certificate = (serverName: string, shown = serverName): ServerCertificate => ({
  serverNames: [serverName],
  ...pairs.get(shown)!,
});

function tell(server: ScriptedXdsServer, backend: number, certificates: readonly ServerCertificate[]): void {
  const text = `services: { echo: { source: { static: { endpoints: [] } } } }
routes: [{ match: {}, to: [{ service: echo }] }]`;
  const config = readMeshConfig(text, 'mesh.yaml');
  const at = { name: 'shop', address: '127.0.0.1', port: 0, http1: true };
  const listeners = [{ ...listenerDefaults, ...at, certificates }];
  const { locality, policy } = config.services.get('echo')!;
  const cache = new ResourceCache();
  cache.replace('routing', routingResources({ ...config, listeners }));
  const pods = endpointSet([{ address: '127.0.0.1', port: backend, state: 'ready' }]);
  cache.replace('pods', [endpointAssignment({ name: 'echo-cluster', locality, policy }, pods)]);
  const node = nodeInfo({ ...Node.decode(new Uint8Array(0)), userAgentName: proxyUserAgent }, true);
  for (const type of sendOrder) {
    const resources = cache.all(type, node);
    if (resources.length === 0) continue;
    server.tell(resources.map(({ encoded }) => ({ typeUrl: typeUrlOf(type), value: Buffer.from(encoded) })));
  }
}

async function started(certificates: readonly ServerCertificate[]) {
  const backend = await scriptedBackend({ onEnd: (call) => call.reply() });
  const server = await ScriptedXdsServer.start();
  tell(server, backend.port, certificates);
  const flags = ['--xds-variant', 'sotw', '--xds-listeners', 'shop'];
  const proxy = await startProxyWith(['--xds-server', `127.0.0.1:${server.port}`, ...flags]);
  return {
    proxy,
    backend,
    server,
    replace: (next: readonly ServerCertificate[]) => tell(server, backend.port, next),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

async function handshake(port: number, servername: string, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const options = { port, servername, ca: ca.cert, checkServerIdentity: () => undefined };
  const socket = connect({ ALPNProtocols: ['h2'], ...options, ...more });
  await once(socket, 'secureConnect');
  return socket.on('error', () => undefined);
}

/** The common name of the certificate that is shown, or why there is none. */
async function shownTo({ port }: { port: number }, servername: string): Promise<string | undefined> {
  try {
    const socket = await handshake(port, servername);
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return String(CN);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}
const unknown = 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME';

describe('a listener with certificates by server name', () => {
  it('shows the one of the name, of the longest wildcard, of all others', async () => {
    await using given = await started([
      certificate('*.example'),
      certificate('shop.example'),
      certificate('*', 'any'),
      certificate('*.deep.example'),
    ]);
    const names = [
      'shop.example',
      'SHOP.example',
      'x.example',
      'a.b.example',
      'a.deep.example',
      'example',
      'x',
      '',
    ];
    const shown: unknown[] = [];
    for (const name of names) shown.push(await shownTo(given.proxy, name));
    expect(shown).toEqual([
      ...['shop.example', 'shop.example', '*.example', '*.example', '*.deep.example', 'any', 'any', 'any'],
    ]);
  });

  it('lets nobody in by other names, by no name, or in plaintext', async () => {
    await using given = await started([certificate('shop.example')]);
    const { proxy, backend } = given;
    expect(await shownTo(proxy, 'other.example')).toBe(unknown);
    expect(await shownTo(proxy, '')).toBe('ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE');
    const plain = netConnect(proxy.port, '127.0.0.1').on('error', () => undefined);
    plain.resume().write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await once(plain, 'close');
    expect(backend.calls).toEqual([]);
    expect(await shownTo(proxy, 'shop.example')).toBe('shop.example');
  });

  it('serves calls by h2 and HTTP/1.1, as ALPN has it', async () => {
    await using given = await started([certificate('shop.example')]);
    const { proxy } = given;
    const http2 = await handshake(proxy.port, 'shop.example', { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(http2.alpnProtocol).toBe('h2');
    expect(await call(http2)).toBe('0');
    const http1 = await handshake(proxy.port, 'shop.example', { ALPNProtocols: ['http/1.1'] });
    expect(http1.alpnProtocol).toBe('http/1.1');
    http1.write('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n');
    const [bytes] = (await once(http1, 'data')) as [Buffer];
    expect(bytes.toString()).toMatch(/^HTTP\/1\.1 /);
    http1.destroy();
  });

  it('new certificates are shown to new clients; connections that are open go on', async () => {
    await using given = await started([certificate('shop.example'), certificate('*', 'any')]);
    const { proxy } = given;
    const open = await handshake(proxy.port, 'shop.example');
    const session = http2Connect('https://shop.example', { createConnection: () => open });
    expect(await callOn(session)).toBe('0');

    given.replace([certificate('shop.example', 'renewed'), certificate('*', 'renewed')]);
    await expect.poll(() => shownTo(proxy, 'shop.example')).toBe('renewed');
    expect(await shownTo(proxy, '')).toBe('renewed');
    expect(await callOn(session)).toBe('0');

    given.replace([certificate('*.example')]);
    await expect.poll(() => shownTo(proxy, 'shop.example')).toBe('*.example');
    expect(await shownTo(proxy, '')).toBe('ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE');
    expect(await callOn(session)).toBe('0');
    session.destroy();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a session of a name that is gone is not resumed (%s)',
    async (version) => {
      await using given = await started([certificate('shop.example'), certificate('*.deep.example')]);
      const { proxy } = given;
      const first = connect({
        ...{ port: proxy.port, servername: 'shop.example', ca: ca.cert, ALPNProtocols: ['h2'] },
        maxVersion: version,
      });
      const [ticket] = (await once(first.resume(), 'session')) as [Buffer];
      first.destroy();
      const again = () => handshake(proxy.port, 'shop.example', { session: ticket, maxVersion: version });
      const resumed = await again();
      expect(resumed.isSessionReused()).toBe(true);
      resumed.destroy();

      given.replace([certificate('*.deep.example')]);
      await expect.poll(() => shownTo(proxy, 'shop.example')).toBe(unknown);
      const accepted = () => proxy.status().listeners[0]!.accepted;
      const before = accepted();
      const socket = await again().catch(() => undefined);
      if (socket !== undefined) await closed(socket);
      expect(accepted()).toBe(before);
    },
  );

  const marker = 'MARKERMARKERMARKER';
  it.each([
    ['a key of another certificate', (): Partial<Pair> => ({ key: pairs.get('any')!.key })],
    ['a key that is none', (): Partial<Pair> => ({ key: `-----BEGIN PRIVATE KEY-----\n${marker}\n` })],
    ['a certificate that is none', (): Partial<Pair> => ({ cert: 'no certificate' })],
  ])('%s is refused for its name alone, said, and mended', async (_what, broken) => {
    const good = certificate('shop.example');
    await using given = await started([
      { ...good, ...broken() },
      certificate('*.example'),
      certificate('*', 'any'),
    ]);
    const { proxy } = given;
    expect(await shownTo(proxy, 'shop.example')).toBe(unknown);
    expect(await shownTo(proxy, 'x.example')).toBe('*.example');
    const refused = proxy.log.filter(({ message }) => message.startsWith('certificate refused'));
    expect(refused.map(({ fields }) => fields)).toMatchObject([
      { listener: 'shop', names: ['shop.example'] },
    ]);
    expect(problems(proxy)).toContain('lets nobody in by some server names');

    given.replace([good, certificate('*.example'), certificate('*', 'any')]);
    await expect.poll(() => shownTo(proxy, 'shop.example')).toBe('shop.example');
    expect(problems(proxy)).not.toContain('server names');
    expect(proxy.status().certificates).toHaveLength(3);

    const said = JSON.stringify([proxy.log, proxy.status(), await proxy.metrics.metrics()]);
    expect(said).not.toContain(marker);
    for (const { key } of pairs.values()) expect(said).not.toContain(key.split('\n')[1]);
    expect(said).not.toContain('PRIVATE KEY');
  });
});

const problems = (proxy: RunningProxy | Awaited<ReturnType<typeof startProxyWith>>) =>
  [...problemsOf(proxy.status())].map(({ text }) => text).join('\n');

const closed = (socket: TLSSocket) => (socket.closed ? undefined : once(socket.resume(), 'close'));

/** The gRPC status of one call. */
async function callOn(session: ReturnType<typeof http2Connect>): Promise<unknown> {
  const stream = session.request({
    ...{ ':method': 'POST', ':path': '/echo.EchoServer/SayHello' },
    ...{ 'content-type': 'application/grpc', te: 'trailers' },
  });
  stream.end(Buffer.alloc(5));
  stream.resume();
  const [trailers] = (await once(stream, 'trailers')) as [Record<string, string>];
  return trailers['grpc-status'];
}

async function call(socket: TLSSocket): Promise<unknown> {
  const session = http2Connect('https://shop.example', { createConnection: () => socket });
  const status = await callOn(session);
  session.destroy();
  return status;
}
