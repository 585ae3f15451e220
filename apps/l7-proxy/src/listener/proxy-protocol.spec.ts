import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';
import { parseProxyHeader } from './proxy-protocol.ts';

const signature = '\r\n\r\n\0\r\nQUIT\n';
const v2 = (command: number, family: number, rest: readonly number[], length = rest.length) =>
  Buffer.concat([
    Buffer.from(signature, 'latin1'),
    Buffer.from([0x20 | command, family, length >> 8, length & 255, ...rest]),
  ]);
const addresses4 = [192, 0, 2, 7, 192, 0, 2, 8, 0, 1, 0, 2];
const addresses6 = [
  0x20,
  1,
  0xd,
  0xb8,
  ...Array<number>(11).fill(0),
  7,
  ...Array<number>(16).fill(0),
  0,
  1,
  0,
  2,
];

describe('a header', () => {
  it.each([
    ['v1, IPv4', 'PROXY TCP4 192.0.2.7 192.0.2.8 1 65535\r\n', '192.0.2.7'],
    ['v1, IPv6', 'PROXY TCP6 2001:db8::7 ::1 1 2\r\n', '2001:db8::7'],
    ['v1, IPv6 in another spelling', 'PROXY TCP6 2001:DB8:0::7 ::1 1 2\r\n', '2001:db8::7'],
    ['v1, IPv4 within IPv6', 'PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.8 1 2\r\n', '192.0.2.7'],
    ['v1, unknown', 'PROXY UNKNOWN whatever\r\n', undefined],
    ['v2, IPv4', v2(1, 0x11, addresses4), '192.0.2.7'],
    ['v2, IPv4 with extensions', v2(1, 0x11, [...addresses4, 3, 0, 1, 9]), '192.0.2.7'],
    ['v2, IPv6', v2(1, 0x21, addresses6), '2001:db8::7'],
    ['v2, a Unix socket', v2(1, 0x31, Array<number>(216).fill(0)), undefined],
    ['v2, of the sender itself', v2(0, 0, []), undefined],
  ])('%s', (_what, header, address) => {
    const bytes = Buffer.from(header as string, 'latin1');
    expect(parseProxyHeader(Buffer.concat([bytes, Buffer.from('more')]))).toEqual({
      length: bytes.length,
      address,
    });
    for (let length = 1; length < bytes.length; length++) {
      expect(parseProxyHeader(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  it.each([
    ['none', 'PRI * HTTP/2.0\r\n'],
    ['v1 of another family', 'PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n'],
    ['v1 with addresses of two families', 'PROXY TCP4 ::1 1.2.3.4 1 2\r\n'],
    ['v1 without ports', 'PROXY TCP4 1.2.3.4 1.2.3.4\r\n'],
    ['v1 with a port that is none', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n'],
    ['v1 without an end', `PROXY TCP4 ${'1'.repeat(120)}`],
    ['v2 of another version', Buffer.from(`${signature}\x31\x11\0\0`, 'latin1')],
    ['v2 with an unknown command', v2(2, 0x11, addresses4)],
    ['v2 that is too short for its addresses', v2(1, 0x11, addresses4.slice(0, 8))],
    ['v2 that announces too much', v2(1, 0x11, [], 5000)],
  ])('refused: %s', (_what, header) => {
    expect(() => parseProxyHeader(Buffer.from(header as string, 'latin1'))).toThrow();
  });
});

describe('a listener with the PROXY protocol', () => {
  const config = (address: string) => oneService([address]);

  it('tells the endpoint who is behind the load balancer', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(config(backend.address), ['--proxy-protocol']);
    for (const header of ['PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n', v2(1, 0x11, addresses4), v2(0, 0, [])]) {
      const session = connectHttp2(`http://${proxy.address}`, {
        createConnection: () => {
          const socket = connect(proxy.port, '127.0.0.1');
          socket.write(header);
          return socket;
        },
      });
      const request = session.request({
        ':path': '/',
        ':method': 'POST',
        'content-type': 'application/grpc',
      });
      request.resume().end();
      await once(request, 'end');
      session.close();
    }
    const seen = backend.calls.map(({ headers }) => headers.get('x-forwarded-for'));
    expect(seen).toEqual(['192.0.2.7', '192.0.2.7', '127.0.0.1']);
  });

  it('closes connections that begin otherwise', async () => {
    await using proxy = await startProxy(oneService([]), ['--proxy-protocol']);
    const session = connectHttp2(`http://${proxy.address}`).on('error', () => {});
    await once(session, 'close');
    const long = connect(proxy.port, '127.0.0.1').on('error', () => {});
    long.write(`PROXY TCP4 ${'1'.repeat(200)}`);
    await closed(long);
    expect((proxy.status() as unknown as { listeners: { failed: number }[] }).listeners[0]!.failed).toBe(2);
  });
});

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
}
