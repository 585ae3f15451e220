import { once } from 'node:events';
import { createServer } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { ErrorCode, headerList } from '@evenly/http2';
import { afterEach, describe, expect, it } from 'vitest';
import { oneService, startProxy, type RunningProxy } from '../testing/harness.ts';
import { grpcMessage, scriptedBackend, type BackendScript } from '../testing/scripted-backend.ts';

/*
 * HTTP/1.1 byte by byte: whose turn it is, who has gone, and what a request may look like (RFC 9110, RFC 9112).
 */
async function proxyBefore(script: BackendScript, flags: readonly string[] = []) {
  const backend = await scriptedBackend(script);
  const proxy = await startProxy(oneService([backend.address]), ['--grpc-web', ...flags]);
  return {
    backend,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await backend.close();
    },
  };
}

const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

/** What a client has read so far. */
async function client(proxy: RunningProxy, allowHalfOpen = false) {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen }).on('error', () => undefined);
  sockets.push(socket);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'connect');
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return { socket, closed, answer: () => text, answers: () => text.split('HTTP/1.1 200').length - 1 };
}

const body = grpcMessage(Buffer.from('ping'));
const path = '/echo.EchoServer/SayHello';

interface RequestParts {
  target?: string;
  version?: string;
  fields?: readonly string[];
  content?: Buffer;
}

/** A good request, but for what a test says. */
function request({ target = path, version = '1.1', fields, content = body }: RequestParts = {}): Buffer {
  const given = fields ?? ['host: echo', `content-length: ${content.length}`];
  const head = [`POST ${target} HTTP/${version}`, 'content-type: application/grpc-web', ...given];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), content]);
}

const many = (count: number) => Buffer.concat(Array<Buffer>(count).fill(request()));
const underWay = (proxy: RunningProxy) => proxy.status().services[0]!.underWay;
const connections = (proxy: RunningProxy) => proxy.status().listeners[0]!.connections;

describe('requests of one connection', () => {
  it('take turns, however many come at once, and each has its answer', async () => {
    let most = 0;
    let open = 0;
    await using t = await proxyBefore({
      onEnd: (call) => {
        most = Math.max(most, ++open);
        setImmediate(() => {
          open--;
          call.reply();
        });
      },
    });
    const one = await client(t.proxy);
    one.socket.write(many(2000));
    await expect.poll(() => one.answers(), { timeout: 20_000 }).toBe(2000);
    expect(t.backend.calls).toHaveLength(2000);
    expect(most).toBe(1);
  });

  it.each([2, 2000])('%i that wait for an endpoint end with their client', async (count) => {
    await using t = await proxyBefore({});
    const one = await client(t.proxy);
    one.socket.write(many(count));
    await expect.poll(() => t.backend.calls.length).toBe(1);
    await new Promise<void>((resolve) => one.socket.write(request(), () => resolve()));
    expect(underWay(t.proxy)).toBe(1);
    one.socket.destroy();
    await expect.poll(() => underWay(t.proxy)).toBe(0);
    expect(t.backend.calls.map(({ resetCode }) => resetCode)).toEqual([ErrorCode.CANCEL]);
    expect(connections(t.proxy)).toBe(0);
    expect(await t.proxy.metrics.metrics()).toContain('evenly_proxy_buffered_bytes 0\n');
  });

  it('more than is read ahead behind one without an answer end the connection in the end', async () => {
    await using t = await proxyBefore({}, ['--handshake-timeout', '300ms']);
    const one = await client(t.proxy);
    one.socket.write(many(20_000));
    await one.closed;
    await expect.poll(() => underWay(t.proxy)).toBe(0);
    expect(t.backend.calls).toHaveLength(1);
    expect(t.proxy.status().listeners[0]!.failed).toBe(1);
  });

  it('more than is read ahead all have their answers when endpoints answer', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply() }, ['--handshake-timeout', '2s']);
    const one = await client(t.proxy);
    one.socket.write(many(4000));
    await expect.poll(() => one.answers(), { timeout: 20_000 }).toBe(4000);
  });

  it('end with the half of the connection that was theirs', async () => {
    await using t = await proxyBefore({});
    const one = await client(t.proxy, true);
    one.socket.write(request());
    await expect.poll(() => t.backend.calls.length).toBe(1);
    one.socket.end();
    await expect.poll(() => t.backend.calls[0]?.resetCode).toBe(ErrorCode.CANCEL);
    await one.closed;
  });

  it('a connection that is kept alive may be closed by half too', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply() });
    const one = await client(t.proxy, true);
    one.socket.write(request());
    await expect.poll(one.answers).toBe(1);
    one.socket.end();
    await one.closed;
    expect(connections(t.proxy)).toBe(0);
  });

  it('a client that goes in the middle of its upload cancels', async () => {
    await using t = await proxyBefore({});
    const one = await client(t.proxy);
    one.socket.write(request({ fields: ['host: echo', 'content-length: 1000'] }));
    await expect.poll(() => t.backend.calls[0]?.content.length).toBe(body.length);
    one.socket.destroy();
    await expect.poll(() => t.backend.calls[0]?.resetCode).toBe(ErrorCode.CANCEL);
  });

  it('an answer before the whole request has come is one, and the next request is read', async () => {
    await using t = await proxyBefore({ onCall: (call, index) => index === 0 && call.trailersOnly(7) });
    const one = await client(t.proxy);
    one.socket.write(request({ fields: ['host: echo', 'content-length: 100000'] }));
    await expect.poll(one.answer).toContain('grpc-status: 7');
    one.socket.write(Buffer.concat([Buffer.alloc(100_000 - body.length), request()]));
    await expect.poll(() => t.backend.calls.length).toBe(2);
    expect(underWay(t.proxy)).toBe(1);
  });

  it('after such an answer only so much more is read', async () => {
    await using t = await proxyBefore({ onCall: (call) => call.trailersOnly(7) });
    const one = await client(t.proxy);
    one.socket.write(request({ fields: ['host: echo', 'content-length: 1000000000'] }));
    await expect.poll(one.answer).toContain('grpc-status: 7');
    one.socket.write(Buffer.alloc(3_000_000));
    await one.closed;
  });

  it('drain: what waits is not begun, what is under way ends', async () => {
    await using t = await proxyBefore({});
    const one = await client(t.proxy);
    one.socket.write(many(3));
    await expect.poll(() => t.backend.calls[0]?.ended).toBe(true);
    const drained = t.proxy.drain(new AbortController().signal);
    t.backend.calls[0]!.reply();
    await one.closed;
    await drained;
    expect(one.answers()).toBe(1);
    expect(one.answer()).toContain('Connection: close');
    expect(t.backend.calls).toHaveLength(1);
  });
});

describe('expectations and upgrades', () => {
  it('100-continue is told in turn, and the content comes after it', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    const one = await client(t.proxy);
    const fields = ['host: echo', `content-length: ${body.length}`, 'expect: 100-continue'];
    one.socket.write(request({ fields, content: Buffer.alloc(0) }));
    await expect.poll(one.answer).toContain('HTTP/1.1 100 Continue');
    one.socket.write(body);
    await expect.poll(one.answer).toContain('ping');
    expect(t.backend.calls[0]!.headers.get('expect')).toBeUndefined();
  });

  it('who is refused is not asked to continue', async () => {
    await using t = await proxyBefore({});
    const one = await client(t.proxy);
    const fields = ['host: echo', 'content-length: 5', 'expect: 100-continue', 'transfer-encoding: gzip'];
    one.socket.write(request({ fields, content: Buffer.alloc(0) }));
    await one.closed;
    expect(one.answer()).toMatch(/^HTTP\/1.1 400/);
  });

  it('others are refused, in turn too', async () => {
    await using t = await proxyBefore({});
    const one = await client(t.proxy);
    const odd = request({
      fields: ['host: echo', 'content-length: 0', 'expect: more'],
      content: Buffer.alloc(0),
    });
    one.socket.write(Buffer.concat([request(), odd]));
    await expect.poll(() => t.backend.calls.length).toBe(1);
    t.backend.calls[0]!.reply();
    await one.closed;
    expect(one.answer()).toMatch(/^HTTP\/1.1 200[^]*HTTP\/1.1 417/);
  });

  it('an upgrade is not taken: the request is one like any other', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply() });
    const one = await client(t.proxy);
    const upgrade = ['connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMAAABk'];
    const fields = ['host: echo', `content-length: ${body.length}`, ...upgrade];
    one.socket.write(request({ fields }));
    await expect.poll(one.answer).toMatch(/^HTTP\/1.1 200/);
    expect(t.backend.calls[0]!.headers.fields.map(({ name }) => name)).not.toContain('http2-settings');
  });

  it('a tunnel is not opened', async () => {
    await using t = await proxyBefore({});
    const one = await client(t.proxy);
    one.socket.write('CONNECT echo:80 HTTP/1.1\r\nhost: echo:80\r\n\r\n');
    await one.closed;
    expect(t.backend.calls).toHaveLength(0);
  });
});

describe('what a request may look like', () => {
  const chunked = (extra = '') =>
    Buffer.from(`${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n0\r\n${extra}\r\n`, 'latin1');
  const length = `content-length: ${body.length}`;

  it.each<[string, RequestParts, number]>([
    [
      'gzip, chunked',
      { fields: ['host: echo', 'transfer-encoding: gzip, chunked'], content: chunked() },
      501,
    ],
    [
      'gzip and chunked in two fields',
      { fields: ['host: echo', 'transfer-encoding: gzip', 'transfer-encoding: chunked'], content: chunked() },
      501,
    ],
    ['gzip', { fields: ['host: echo', 'transfer-encoding: gzip'] }, 400],
    ['chunked, gzip', { fields: ['host: echo', 'transfer-encoding: chunked, gzip'] }, 400],
    [
      'chunked twice',
      { fields: ['host: echo', 'transfer-encoding: chunked, chunked'], content: chunked() },
      400,
    ],
    ['identity', { fields: ['host: echo', 'transfer-encoding: identity', length] }, 400],
    [
      'content-length and chunked',
      { fields: ['host: echo', length, 'transfer-encoding: chunked'], content: chunked() },
      400,
    ],
    [
      'chunked in HTTP/1.0',
      { version: '1.0', fields: ['host: echo', 'transfer-encoding: chunked'], content: chunked() },
      400,
    ],
    ['two lengths', { fields: ['host: echo', length, 'content-length: 1'] }, 400],
    ['a length with a sign', { fields: ['host: echo', `content-length: +${body.length}`] }, 400],
    ['no host', { fields: [length] }, 400],
    ['two hosts', { fields: ['host: echo', 'host: other', length] }, 400],
    ['two hosts that are the same', { fields: ['host: echo', 'host: echo', length] }, 400],
    ['a host with blanks', { fields: ['host: ec ho', length] }, 400],
    ['a host with a path', { fields: ['host: echo/x', length] }, 400],
    ['a blank before the colon', { fields: ['host: echo', 'x-a : 1', length] }, 400],
    ['user information in the target', { target: `http://me:you@echo${path}` }, 400],
    ['a fragment in the target', { target: `${path}#x` }, 400],
    ['a bare line feed', { fields: ['host: echo\nx-a: 1', length] }, 400],
  ])('refused: %s', async (_what, parts, status) => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply() });
    const one = await client(t.proxy);
    one.socket.write(Buffer.concat([request(parts), request()]));
    await one.closed; // nothing behind it is read
    expect(one.answer()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(one.answers()).toBe(0);
    expect(t.backend.calls).toHaveLength(0);
  });

  const passed = async (parts: RequestParts) => {
    const t = await proxyBefore({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    const one = await client(t.proxy);
    one.socket.write(request(parts));
    await expect.poll(one.answer).toContain('grpc-status: 0');
    const { headers } = t.backend.calls[0]!;
    await t[Symbol.asyncDispose]();
    return headers;
  };

  it('fields that Connection names stay on this side, whatever the case and in however many fields', async () => {
    const own = ['connection: X-Mine, close', 'Connection: x-more', 'x-mine: 1', 'X-MORE: 2', 'x-other: 3'];
    const headers = await passed({ fields: ['host: echo', length, 'keep-alive: timeout=5', ...own] });
    const names = headers.fields.map(({ name }) => name);
    for (const name of ['connection', 'keep-alive', 'x-mine', 'x-more']) expect(names).not.toContain(name);
    expect(headers.get('x-other')).toBe('3');
  });

  it.each<[string, RequestParts, string]>([
    ['in absolute form', { target: `http://other.example:8080${path}` }, 'other.example:8080'],
    ['in HTTP/1.0, without a host', { version: '1.0', fields: [length] }, ''],
    [
      'chunked, with extensions and trailers',
      { fields: ['host: echo', 'transfer-encoding: Chunked'], content: chunked('x-trailer: 1\r\n') },
      'echo',
    ],
    ['with te', { fields: ['host: echo', length, 'te: gzip;q=0.5, trailers'] }, 'echo'],
  ])('passed on: %s', async (_what, parts, authority) => {
    const headers = await passed(parts);
    expect(headers.asRequest()).toMatchObject({ path, authority });
    expect(headers.get('te')).toBe('trailers');
    expect(headers.get('x-trailer')).toBeUndefined();
  });

  it('a folded line is refused, or one line for the endpoint (RFC 9112 §5.2)', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply() });
    const one = await client(t.proxy);
    one.socket.write(request({ fields: ['host: echo', length, 'x-folded: a\r\n b'] }));
    await expect.poll(one.answer).toMatch(/^HTTP\/1.1 (400|200)/);
    for (const { headers } of t.backend.calls) expect(headers.get('x-folded')).toMatch(/^a +b$/);
  });

  it('repeated fields stay apart', async () => {
    const headers = await passed({ fields: ['host: echo', length, 'x-a: 1', 'x-a: 2'] });
    expect(headers.fields.filter(({ name }) => name === 'x-a').map(({ value }) => value)).toEqual(['1', '2']);
  });

  it('an answer with what HTTP/1.1 cannot say is said without', async () => {
    await using t = await proxyBefore({
      onEnd: ({ connection, stream }) => {
        const fields = headerList([
          [':status', '200'],
          ['content-type', 'application/grpc'],
          ['x-odd', 'a\x01b'],
        ]);
        connection.sendHeaders(stream, fields, false);
      },
    });
    const one = await client(t.proxy);
    one.socket.write(request());
    await expect.poll(one.answer).toContain('x-odd: a b');
  });
});

describe('memory of uploads', () => {
  const mebibyte = 1024 * 1024;
  const held = async (proxy: RunningProxy) =>
    Number(/buffered_bytes (\d+)/.exec(await proxy.metrics.metrics())![1]);
  /** Takes requests and opens no window for their content. */
  const deaf = () =>
    createServer({ settings: { initialWindowSize: 0 } }, (incoming) => incoming.on('error', () => undefined));

  it('counts in the budget of the process, is bounded by it, and comes back', async () => {
    const endpoint = deaf();
    endpoint.listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    const { port } = endpoint.address() as AddressInfo;
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    const config = `services:
  deaf: { source: { static: { endpoints: ['127.0.0.1:${port}'] } } }
  echo: { source: { static: { endpoints: ['${backend.address}'] } } }
routes:
  - { name: deaf, match: { authority: deaf }, to: [{ service: deaf }] }
  - { name: all, match: {}, to: [{ service: echo }] }
`;
    await using proxy = await startProxy(config, [
      '--grpc-web',
      '--buffer-total-bytes',
      String(8 * mebibyte),
    ]);
    const toDeaf = request({ fields: ['host: deaf', 'content-length: 100000000'] });
    const uploads = await Promise.all(Array.from({ length: 100 }, () => client(proxy)));
    let most = 0;
    for (const { socket } of uploads) socket.write(Buffer.concat([toDeaf, Buffer.alloc(mebibyte)]));
    await expect.poll(async () => (most = Math.max(most, await held(proxy)))).toBeGreaterThan(4 * mebibyte);
    for (let count = 0; count < 20; count++) {
      const other = await client(proxy);
      other.socket.write(request());
      await expect.poll(other.answer).toMatch(/grpc-status: 0|^HTTP\/1.1 503/);
      other.socket.destroy();
      most = Math.max(most, await held(proxy));
    }
    expect(most).toBeLessThan(12 * mebibyte); // each may have one read more
    for (const { socket } of uploads) socket.destroy();
    await proxy.drain();
    expect(await held(proxy)).toBe(0);
    endpoint.close();
  });

  it('that an endpoint takes nothing of end, though nobody sees whether their clients are there', async () => {
    const endpoint = deaf().listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    const { port } = endpoint.address() as AddressInfo;
    const flags = ['--grpc-web', '--upload-stall-timeout', '300ms'];
    await using proxy = await startProxy(oneService([`127.0.0.1:${port}`]), flags);
    const [stays, goes] = [await client(proxy), await client(proxy)];
    const upload = Buffer.concat([
      request({ fields: ['host: echo', 'content-length: 100000000'] }),
      Buffer.alloc(mebibyte),
    ]);
    stays.socket.write(upload);
    goes.socket.end(upload);
    await expect.poll(() => proxy.status().listeners[0]!.failed).toBe(2);
    await stays.closed;
    await expect.poll(() => underWay(proxy)).toBe(0);
    expect(connections(proxy)).toBe(0);
    expect(await held(proxy)).toBe(0);
    endpoint.close();
  });

  it('that an endpoint takes goes through, with a budget smaller than all uploads together', async () => {
    await using t = await proxyBefore(
      { onEnd: (call) => call.reply(Buffer.from(String(call.content.length))) },
      ['--buffer-total-bytes', String(mebibyte)],
    );
    const content = Buffer.alloc(600_000);
    const one = request({ fields: ['host: echo', `content-length: ${content.length}`], content });
    const uploads = await Promise.all(Array.from({ length: 10 }, () => client(t.proxy)));
    for (const { socket } of uploads) socket.write(one);
    for (const { answer } of uploads) {
      await expect.poll(answer).toMatch(/600000[^]*grpc-status: 0|^HTTP\/1.1 503/);
    }
    await expect.poll(() => underWay(t.proxy)).toBe(0);
    expect(uploads.filter(({ answer }) => answer().includes('600000')).length).toBeGreaterThan(0);
    expect(await held(t.proxy)).toBe(0);
  });
});
