import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { decode, streamEncode } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/index.ts';
import { DnsServer } from './server.ts';

const suffix = 'echo.default.svc.cluster.local';
const servers: DnsServer[] = [];

async function start({ pods = 2, host = '127.0.0.1' } = {}) {
  const endpoints = Array.from({ length: pods }, (_, i) => ({
    hostname: `echo-${i}`,
    address: host,
    port: 1000 + i,
  }));
  const service = { name: 'echo', namespace: 'default', portName: 'grpc', protocol: 'tcp', endpoints };
  const server = new DnsServer({ host, port: 0 }, () => ({
    domain: 'cluster.local',
    ttlS: 7,
    services: [service],
  }));
  servers.push(server);
  await server.start();
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  const { port } = server.status;
  resolver.setServers([host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`]);
  return { server, resolver, port, endpoints };
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe("node's resolver gets", () => {
  it('SRV, A and its TTL', async () => {
    const { resolver } = await start();
    expect(await resolver.resolveSrv(`_grpc._tcp.${suffix}`)).toMatchObject([
      { name: `echo-0.${suffix}`, port: 1000 },
      { name: `echo-1.${suffix}`, port: 1001 },
    ]);
    expect(await resolver.resolve4(`echo-1.${suffix}`, { ttl: true })).toEqual([
      { address: '127.0.0.1', ttl: 7 },
    ]);
  });

  it('AAAA, asked by IPv6', async () => {
    const { resolver } = await start({ host: '::1' });
    expect(await resolver.resolve6(suffix)).toEqual(['::1']);
    await expect(resolver.resolve4(suffix)).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('fifty pods, which takes TCP', async () => {
    const { resolver, server, endpoints } = await start({ pods: 50 });
    const ports = (await resolver.resolveSrv(`_grpc._tcp.${suffix}`)).map(({ port }) => port);
    expect(ports.sort()).toEqual(endpoints.map(({ port }) => port));
    expect(server.status.counters.truncated).toBeGreaterThan(0);
  });

  it('ENOTFOUND, ENODATA and EREFUSED', async () => {
    const { resolver, server } = await start();
    await expect(resolver.resolveSrv('_grpc._tcp.be9.default.svc.cluster.local')).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
    await expect(resolver.resolve6(suffix)).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'EREFUSED' });
    expect(server.status.counters.nxdomain).toBe(1);
  });
});

describe('stop', () => {
  it('takes the server away, start brings it back on the same port', async () => {
    const { server, resolver, port } = await start();
    await server.stop();
    expect(server.status).toMatchObject({ state: 'stopped', port });
    await expect(resolver.resolve4(suffix)).rejects.toThrow(/ECONNREFUSED|ETIMEOUT/);
    await server.start();
    expect(server.status).toMatchObject({ state: 'running', port });
    expect(await resolver.resolve4(suffix)).toEqual(['127.0.0.1']);
  });

  it('and start may be called again', async () => {
    const { server, resolver } = await start();
    await server.start();
    expect(await resolver.resolve4(suffix)).toEqual(['127.0.0.1']);
    await server.stop();
    await server.stop();
  });
});

describe('a port in use is reported', () => {
  const zone = () => ({ domain: 'x', ttlS: 1, services: [] });

  it('when it is so by UDP', async () => {
    const { port } = await start();
    const second = new DnsServer({ host: '127.0.0.1', port }, zone);
    await expect(second.start()).rejects.toThrow(`DNS UDP port ${port} on 127.0.0.1 is in use`);
    expect(second.status.state).toBe('stopped');
  });

  it('when it is so by TCP only', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const server = new DnsServer({ host: '127.0.0.1', port }, zone);
    await expect(server.start()).rejects.toThrow(`DNS TCP port ${port} on 127.0.0.1 is in use`);
    other.close();
    await once(other, 'close');
    await server.start();
    await server.stop();
  });
});

describe('bad input', () => {
  it('by UDP is dropped and counted, and the server goes on', async () => {
    const { server, resolver, port } = await start();
    const socket = createSocket('udp4');
    for (const bytes of [Buffer.alloc(0), Buffer.from([1]), Buffer.alloc(600, 0xff)])
      socket.send(bytes, port, '127.0.0.1');
    await eventually(() => expect(server.status.counters.malformed).toBe(3));
    socket.close();
    expect(await resolver.resolve4(suffix)).toEqual(['127.0.0.1']);
  });

  it.each([
    ['garbage', Buffer.from([0, 3, 1, 2, 3])],
    ['an announced length beyond the limit', Buffer.from([0xff, 0xff, 0])],
  ])('by TCP ends the connection: %s', async (_, bytes) => {
    const { port, resolver } = await start();
    const socket = connect(port, '127.0.0.1').resume();
    socket.write(bytes);
    await once(socket, 'close');
    expect(await resolver.resolve4(suffix)).toEqual(['127.0.0.1']);
  });

  it('by TCP may come in small pieces, and several queries in one', async () => {
    const { port } = await start();
    const query = streamEncode({ type: 'query', id: 9, questions: [{ type: 'A', name: suffix }] });
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const byte of query) socket.write(Buffer.from([byte]));
    socket.end(Buffer.concat([query, query]));
    const received = Buffer.concat((await socket.toArray()) as Buffer[]);
    const length = 2 + received.readUInt16BE(0);
    expect(received.length).toBe(3 * length);
    expect(decode(received.subarray(2, length)).answers).toMatchObject([{ data: '127.0.0.1' }]);
  });

  it('connections beyond the limit are refused and counted', async () => {
    const { server, port } = await start();
    const sockets = Array.from({ length: 70 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await eventually(() => expect(server.status.counters.refusedConnections).toBe(6));
    for (const socket of sockets) socket.destroy();
  });
});
