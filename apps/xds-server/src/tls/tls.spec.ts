import { once } from 'node:events';
import { connect } from 'node:net';
import { authority, secretFolder, type Pair } from '@evenly/local-cluster';
import { ClientStatusDiscoveryServiceClient } from '@evenly/proto/envoy/service/status/v3/csds';
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { svcConfig, xdsServerProcess } from '../testing/harness.ts';

type Authority = Awaited<ReturnType<typeof authority>>;
type Folder = Awaited<ReturnType<typeof secretFolder>>;

const local = { dnsNames: ['localhost'], ips: ['127.0.0.1'] };
let ca: Authority;
let stranger: Authority;
let server: Pair;
beforeAll(async () => {
  [ca, stranger] = await Promise.all([authority('clients and server'), authority('somebody else')]);
  server = await ca.issue('server', local);
});

let folder: Folder;
let running: Awaited<ReturnType<typeof xdsServerProcess>>;
afterEach(async () => {
  await running.stop();
  await folder.remove();
});

const filesOf = ({ cert, key }: Pair, authorities: string) => ({
  'tls.crt': cert,
  'tls.key': key,
  'ca.crt': authorities,
});

/** The server with these files; mTLS unless `tlsOnly`. */
async function launch(files: Record<string, string>, args: string[] = [], tlsOnly = false) {
  folder = await secretFolder(files);
  const ca = tlsOnly ? [] : ['--tls-client-ca', folder.path('ca.crt')];
  const tls = ['--tls-cert', folder.path('tls.crt'), '--tls-key', folder.path('tls.key'), ...ca];
  running = await xdsServerProcess(svcConfig('be1-srv'), [...tls, ...args]);
  return running;
}

/** What a client meets: the number of listeners it got, or the status that its stream ended with. */
async function outcome(creds = credentials.createInsecure()) {
  const client = running.client({ creds });
  client.subscribe('listener', 'be1-srv');
  try {
    await expect
      .poll(() => client.resources('listener') ?? client.ended(), { timeout: 10_000 })
      .toBeDefined();
    return client.ended() ?? { listeners: client.resources('listener') };
  } finally {
    client.close();
  }
}

const withPair = (pair: Pair | undefined, roots: string) =>
  pair === undefined
    ? credentials.createSsl(Buffer.from(roots))
    : credentials.createSsl(Buffer.from(roots), Buffer.from(pair.key), Buffer.from(pair.cert));

describe('TLS on the xDS port', () => {
  it('serves clients that trust its certificate, and no plaintext', async () => {
    await (await launch(filesOf(server, ''), [], true)).started();
    expect(await outcome(withPair(undefined, ca.cert))).toEqual({ listeners: 1 });
    expect(await outcome(withPair(undefined, stranger.cert))).toMatchObject({ code: 14 });
    expect(await outcome()).toMatchObject({ code: 14 });
    expect(running.server.log.text).not.toContain('plaintext');
  });

  it('turns away clients without a certificate of its authorities', async () => {
    await (await launch(filesOf(server, ca.cert))).started();
    const client = await ca.issue('client', {});
    expect(await outcome(withPair(client, ca.cert))).toEqual({ listeners: 1 });
    expect(await outcome(withPair(undefined, ca.cert))).toMatchObject({ code: 14 });
    const other = await stranger.issue('client', {});
    expect(await outcome(withPair(other, ca.cert))).toMatchObject({ code: 14 });
  });

  it('takes only clients on the list, and tells the others so', async () => {
    const list = 'spiffe://example.org/ns/shop/*, cart.example.org';
    await (await launch(filesOf(server, ca.cert), ['--allowed-clients', list])).started();
    const shop = await ca.issue('a', { uris: ['spiffe://example.org/ns/shop/sa/cart'] });
    expect(await outcome(withPair(shop, ca.cert))).toEqual({ listeners: 1 });
    const cart = await ca.issue('b', { dnsNames: ['cart.example.org'] });
    expect(await outcome(withPair(cart, ca.cert))).toEqual({ listeners: 1 });

    const bank = await ca.issue('cart.example.org', { uris: ['spiffe://example.org/ns/bank/sa/x'] });
    expect(await outcome(withPair(bank, ca.cert))).toEqual(
      expect.objectContaining({
        code: 7,
        details: 'spiffe://example.org/ns/bank/sa/x is not on the list of clients of this xDS server',
      }),
    );
    const nameless = await ca.issue('cart.example.org', {});
    expect(await outcome(withPair(nameless, ca.cert))).toMatchObject({
      code: 7,
      details: expect.stringContaining('without SPIFFE id or DNS name') as string,
    });
    expect(await running.metric('evenly_xds_denied_calls_total')).toBe(2);
  });

  it('tells what clients have, and of all that there is, only to those who are on lists of their own', async () => {
    const lists = [
      ['--csds-clients', 'spiffe://example.org/admin'],
      ['--wildcard-clients', 'spiffe://example.org/envoy/*'],
    ].flat();
    await (await launch(filesOf(server, ca.cert), lists)).started();
    const as = async (id: string) =>
      withPair(await ca.issue('client', { uris: [`spiffe://example.org/${id}`] }), ca.cert);

    const everything = async (id: string) => {
      const client = running.client({ creds: await as(id) });
      client.subscribe('cluster');
      await expect.poll(() => client.resources('cluster') ?? client.ended()).toBeDefined();
      client.close();
      return client.ended()?.code ?? 'served';
    };
    expect(await outcome(await as('cart'))).toEqual({ listeners: 1 });
    expect(await everything('cart')).toBe(7);
    expect(await everything('envoy/1')).toBe('served');

    const told = async (id: string) => {
      const csds = new ClientStatusDiscoveryServiceClient(`127.0.0.1:${running.xdsPort()}`, await as(id));
      const code = await new Promise((resolve) => {
        csds.fetchClientStatus({ nodeMatchers: [], excludeResourceContents: true }, (error) =>
          resolve(error?.code ?? 'told'),
        );
      });
      csds.close();
      return code;
    };
    expect(await told('admin')).toBe('told');
    expect(await told('envoy/1')).toBe(7);
  });

  it('follows its files: new certificates for new connections, old streams go on', async () => {
    await (await launch(filesOf(server, ca.cert))).started();
    const client = await ca.issue('client', {});
    const before = running.client({ creds: withPair(client, ca.cert) });
    before.subscribe('listener', 'be1-srv');
    await expect.poll(() => before.resources('listener')).toBe(1);

    const renewed = await stranger.issue('renewed', local, 5);
    await folder.swap(filesOf(renewed, ca.cert + stranger.cert));
    // Files that are read in the middle of the swap are refused, and read again.
    await expect.poll(() => running.server.log.text).toContain('new certificates are in use');
    const other = await stranger.issue('client', {});
    expect(await outcome(withPair(other, stranger.cert))).toEqual({ listeners: 1 });
    expect(await outcome(withPair(client, stranger.cert))).toEqual({ listeners: 1 });
    expect(await outcome(withPair(client, ca.cert))).toMatchObject({ code: 14 });
    expect(before.ended()).toBeUndefined();
    const left =
      (await running.metric('evenly_tls_certificate_expiry_timestamp_seconds')) - Date.now() / 1000;
    expect(left / 86_400).toBeGreaterThan(4);
    before.close();
  });

  it.each([
    ['a broken certificate', () => ({ cert: 'no PEM', key: server.key }), 'tls.crt: no certificate in PEM'],
    ['a broken key', () => ({ cert: server.cert, key: '-----BEGIN' }), 'tls.key: no private key in PEM'],
    [
      "another one's key",
      async () => ({ cert: server.cert, key: (await ca.issue('x', {})).key }),
      'does not belong to',
    ],
    ['one that has ended', () => ca.issue('server', local, -1), 'was valid until'],
  ])('goes on with the last good ones when a reload brings %s', async (_what, make, reason) => {
    await (await launch(filesOf(server, ca.cert))).started();
    await folder.swap(filesOf(await make(), ca.cert));
    await expect.poll(() => running.server.log.text).toContain(reason);
    expect(running.server.log.text).toContain('the last good ones stay');
    const row = /evenly_tls_certificate_reloads_total\{result="refused"\} 1/;
    expect(await (await running.admin('/metrics')).text()).toMatch(row);
    expect(await outcome(withPair(await ca.issue('client', {}), ca.cert))).toEqual({ listeners: 1 });
  });

  it.each([
    ['certificate', { 'tls.crt': 'x' }, 'tls.crt: no certificate in PEM'],
    ['key', { 'tls.key': 'x' }, 'tls.key: no private key in PEM'],
    ['list of authorities', { 'ca.crt': 'x' }, 'ca.crt: has no certificate in PEM'],
  ])('does not start with a broken %s: exit 64, with file and reason', async (_what, broken, reason) => {
    await launch({ ...filesOf(server, ca.cert), ...broken });
    expect(await running.server.exited).toMatchObject({ code: 64 });
    expect(running.server.log.text).toContain(reason);
  });

  it('does not start without its files, or with options that do not fit together', async () => {
    await launch(filesOf(server, ca.cert), ['--tls-key', '/nowhere/tls.key', '--plaintext']);
    expect(await running.server.exited).toMatchObject({ code: 64 });
    expect(running.server.log.text).toContain('--plaintext and --tls-cert exclude each other');
    await running.stop();
    await folder.remove();
    await launch(filesOf(server, ca.cert), ['--tls-key', '/nowhere/tls.key']);
    expect(await running.server.exited).toMatchObject({ code: 64 });
    expect(running.server.log.text).toContain('/nowhere/tls.key: cannot be read');
  });
});

describe('connections that say nothing', () => {
  const silent = async () => {
    const socket = connect(running.xdsPort(), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    return socket.resume();
  };

  it('are closed when the time for a handshake is over, have a share of the port, and keep nobody out', async () => {
    const args = ['--handshake-timeout', '2s', '--max-streams', '36', '--max-connections-per-address', '8'];
    await (await launch(filesOf(server, ''), args, true)).started();
    const sockets = await Promise.all(Array.from({ length: 20 }, silent));
    const connections = async () => ((await running.status()) as { connections: object }).connections;
    await expect.poll(connections).toMatchObject({ refused: { address: 12 } });
    expect(await running.metric('evenly_xds_connections_refused_total')).toBe(12);
    await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve()))),
      ),
    );
    expect(await connections()).toMatchObject({ open: 0, failedHandshakes: 8 });
    expect(await running.metric('evenly_xds_handshakes_failed_total')).toBe(8);
    const page = await (await running.admin('/')).text();
    expect(page).toContain('12 others refused (the port was full: 0, one address had its share: 12');
    expect(await outcome(withPair(undefined, ca.cert))).toEqual({ listeners: 1 });
  });
});

describe('plaintext', () => {
  const start = async (...args: string[]) => {
    folder = await secretFolder({});
    running = await xdsServerProcess(svcConfig('be1-srv'), args);
  };

  it('is not spoken where others can listen, unless it is said', async () => {
    await start('--host', '0.0.0.0', '--allowed-clients', 'a');
    expect(await running.server.exited).toMatchObject({ code: 64 });
    expect(running.server.log.text).toContain('say --plaintext');
    expect(running.server.log.text).toContain('--allowed-clients needs --tls-client-ca');
  });

  it.each([
    ['on loopback', [], 'it listens on loopback only'],
    ['where it is said', ['--host', '0.0.0.0', '--plaintext'], '--plaintext says so'],
  ])('is spoken %s, with a line that says so', async (_where, args, why) => {
    await start(...args);
    await running.started();
    expect(await outcome()).toEqual({ listeners: 1 });
    expect(running.server.log.text).toContain(why);
  });
});
