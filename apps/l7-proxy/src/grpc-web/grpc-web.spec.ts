import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { ErrorCode, headerList } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from '../testing/harness.ts';
import { grpcMessage, scriptedBackend, type BackendScript } from '../testing/scripted-backend.ts';

const shop = 'https://shop.example.org';
const path = '/echo.EchoServer/SayHello';

async function proxyBefore(script: BackendScript, flags: readonly string[] = []) {
  const backend = await scriptedBackend(script);
  const proxy = await startProxy(oneService([backend.address]), [
    '--grpc-web',
    '--cors-origins',
    shop,
    ...flags,
  ]);
  return {
    backend,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await backend.close();
    },
  };
}

interface WebRequest {
  type?: string;
  body?: string | Buffer | ReadableStream;
  headers?: Record<string, string>;
  method?: string;
}

/** By HTTP/1.1, as a browser without TLS does. */
async function ask(
  proxy: RunningProxy,
  { type = 'application/grpc-web+proto', body, headers, method }: WebRequest,
) {
  const response = await fetch(`http://${proxy.address}${path}`, {
    method: method ?? 'POST',
    headers: { 'content-type': type, ...headers },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

/** The messages of a body, and its trailers as the text that they are. */
function parts(bytes: Buffer) {
  const messages: string[] = [];
  let trailers = '';
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    const content = bytes.toString('latin1', at + 5, end);
    if (bytes[at] === 0x80) trailers = content;
    else messages.push(content);
    at = end;
  }
  return { messages, trailers };
}

const decodeText = (bytes: Buffer) =>
  Buffer.concat((bytes.toString().match(/[^=]+=*/g) ?? []).map((part) => Buffer.from(part, 'base64')));

describe('gRPC-Web by HTTP/1.1', () => {
  it('binary: the call is gRPC at the endpoint, trailers come in the body', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    const large = 'x'.repeat(600_000); // more than all windows
    const answer = await ask(t.proxy, {
      body: grpcMessage(Buffer.from(large)),
      headers: { 'x-grpc-web': '1' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/grpc-web');
    expect(parts(answer.bytes)).toEqual({ messages: [large], trailers: 'grpc-status: 0\r\n' });
    const { headers } = t.backend.calls[0]!;
    expect(headers.get('content-type')).toBe('application/grpc+proto');
    expect(headers.get('te')).toBe('trailers');
    expect(headers.get('x-grpc-web')).toBeUndefined();
    expect(headers.get('x-forwarded-for')).toBe('127.0.0.1');
  });

  it('text: the body is base64 both ways, in pieces too', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    const large = 'y'.repeat(700_000);
    const text = grpcMessage(Buffer.from(large)).toString('base64');
    const body = new ReadableStream({
      start: (controller) => {
        for (let at = 0; at < text.length; at += 99_999)
          controller.enqueue(Buffer.from(text.slice(at, at + 99_999)));
        controller.close();
      },
    });
    const answer = await ask(t.proxy, { type: 'application/grpc-web-text', body });
    expect(answer.headers.get('content-type')).toBe('application/grpc-web-text');
    expect(parts(decodeText(answer.bytes))).toEqual({ messages: [large], trailers: 'grpc-status: 0\r\n' });
  });

  it('a stream of messages comes as it is sent', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.answer() });
    const response = fetch(`http://${t.proxy.address}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web' },
      body: grpcMessage(Buffer.from('ping')),
    });
    const reader = (await response).body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    const next = async () => parts(Buffer.from((await reader.read()).value ?? []));
    const call = t.backend.calls[0]!;
    for (const word of ['one', 'two']) {
      call.send(grpcMessage(Buffer.from(word)));
      expect((await next()).messages).toEqual([word]);
    }
    call.trailers(5, [['grpc-message', 'no%20more']]);
    expect((await next()).trailers).toBe('grpc-status: 5\r\ngrpc-message: no%20more\r\n');
    expect((await reader.read()).done).toBe(true);
  });

  it('a status and nothing else, be it the endpoint’s or ours, is a trailer in the body', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.trailersOnly(7, [['x-why', 'because']]) });
    const refused = await ask(t.proxy, { body: grpcMessage(Buffer.from('a')) });
    expect(parts(refused.bytes).trailers).toBe('grpc-status: 7\r\nx-why: because\r\n');
    await using none = await startProxy('services: {}\n', ['--grpc-web']);
    const unrouted = await ask(none, { body: grpcMessage(Buffer.from('a')) });
    expect(parts(unrouted.bytes).trailers).toContain('grpc-status: 12\r\n');
  });

  it('the deadline is heeded, and a client that goes cancels', async () => {
    await using t = await proxyBefore({});
    const late = await ask(t.proxy, {
      body: grpcMessage(Buffer.from('a')),
      headers: { 'grpc-timeout': '50m' },
    });
    expect(parts(late.bytes).trailers).toContain('grpc-status: 4\r\n');
    const abort = new AbortController();
    const gone = fetch(`http://${t.proxy.address}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web' },
      body: grpcMessage(Buffer.from('b')),
      signal: abort.signal,
    });
    await expect.poll(() => t.backend.calls.length).toBe(2);
    abort.abort();
    await expect(gone).rejects.toThrow();
    await expect.poll(() => t.backend.calls[1]!.resetCode).toBe(ErrorCode.CANCEL);
  });

  it('an endpoint that resets the call is a status', async () => {
    await using t = await proxyBefore({
      onEnd: (call) => call.connection.reset(call.stream, ErrorCode.INTERNAL_ERROR),
    });
    const broken = await ask(t.proxy, { body: grpcMessage(Buffer.from('a')) });
    expect(parts(broken.bytes).trailers).toContain('grpc-status: 13\r\n');
  });

  it.each([
    ['not base64', { type: 'application/grpc-web-text', body: '!!!!' }, 400],
    ['base64 that ends too early', { type: 'application/grpc-web-text', body: 'AAAAA' }, 400],
    ['another type', { type: 'application/json', body: '{}' }, 415],
    ['gRPC, which needs HTTP/2', { type: 'application/grpc', body: 'x' }, 415],
  ])('refuses %s', async (_what, request, status) => {
    await using t = await proxyBefore({});
    expect((await ask(t.proxy, request)).status).toBe(status);
    await expect.poll(() => t.proxy.status().services[0]!.underWay).toBe(0);
  });

  it('refuses what is no HTTP, and closes', async () => {
    await using t = await proxyBefore({});
    const socket = connect(t.proxy.port, '127.0.0.1').on('error', () => {});
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.write('EHLO example.org\r\n\r\n');
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 400/);
  });

  it('drain: the answer under way is the last of its connection', async () => {
    await using t = await proxyBefore({});
    const answer = ask(t.proxy, { body: grpcMessage(Buffer.from('a')) });
    await expect.poll(() => t.backend.calls[0]?.ended).toBe(true);
    expect(t.proxy.status().listeners[0]!.connections).toBe(1);
    const drained = t.proxy.drain(new AbortController().signal);
    t.backend.calls[0]!.reply(Buffer.from('late'));
    expect(parts((await answer).bytes).messages).toEqual(['late']);
    await drained;
  });
});

describe('gRPC-Web by HTTP/2', () => {
  it.each(['application/grpc-web+proto', 'application/grpc-web-text'])('%s', async (type) => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    const session = connectHttp2(`http://${t.proxy.address}`);
    const isText = type.includes('text');
    const large = 'z'.repeat(700_000);
    const request = session.request({ ':path': path, ':method': 'POST', 'content-type': type, origin: shop });
    const message = grpcMessage(Buffer.from(large));
    request.end(isText ? message.toString('base64') : message);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    const [headers] = (await once(request, 'response')) as [Record<string, string>];
    await once(request, 'end');
    expect(headers['content-type']).toBe(isText ? 'application/grpc-web-text' : 'application/grpc-web');
    expect(headers['access-control-allow-origin']).toBe(shop);
    const bytes = Buffer.concat(chunks);
    expect(parts(isText ? decodeText(bytes) : bytes)).toEqual({
      messages: [large],
      trailers: 'grpc-status: 0\r\n',
    });
    session.close();
  });

  it('on the same port as gRPC', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply() });
    const client = new GrpcClient(t.proxy.address);
    expect(await client.unary()).toMatchObject({ code: 'OK' });
    client.close();
  });
});

describe('CORS', () => {
  const preflight = (origin: string, method = 'POST') => ({
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type,x-grpc-web,x-user-agent',
    },
  });

  it('a page of a listed origin may call, and read what it needs', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply() });
    const asked = await ask(t.proxy, preflight(shop));
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': shop,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type,x-grpc-web,x-user-agent',
    });
    const answer = await ask(t.proxy, { body: grpcMessage(Buffer.from('a')), headers: { origin: shop } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(shop);
    expect(answer.headers.get('access-control-expose-headers')).toContain('grpc-status');
    expect(answer.headers.get('vary')).toBe('origin');
  });

  it('others may not', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply() });
    for (const bad of [preflight('https://evil.example.org'), preflight(shop, 'DELETE')]) {
      const asked = await ask(t.proxy, bad);
      expect(asked.status).toBe(403);
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    }
    const headers = { origin: 'https://evil.example.org' };
    const answer = await ask(t.proxy, { body: grpcMessage(Buffer.from('a')), headers });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('* is every origin', async () => {
    await using t = await proxyBefore({}, ['--cors-origins', '*']);
    expect((await ask(t.proxy, preflight('https://anybody.example.org'))).status).toBe(204);
  });
});

describe('how gRPC-Web says that it wants text', () => {
  it.each([
    ['application/grpc-web-text-base64+proto', undefined, true],
    ['application/grpc-web', 'application/grpc-web-text', false],
    ['application/grpc-web', '*/*, application/grpc-web-text+proto;q=1', false],
  ])('%s, accept %s', async (type, accept, sendsText) => {
    await using t = await proxyBefore({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    const message = grpcMessage(Buffer.from('ping'));
    const answer = await ask(t.proxy, {
      type,
      body: sendsText ? message.toString('base64') : message,
      ...(accept === undefined ? {} : { headers: { accept } }),
    });
    expect(answer.headers.get('content-type')).toBe('application/grpc-web-text');
    expect(parts(decodeText(answer.bytes))).toEqual({
      messages: ['ping'],
      trailers: 'grpc-status: 0\r\n',
    });
    expect(t.backend.calls[0]!.headers.get('content-type')).toMatch(/^application\/grpc(\+proto)?$/);
  });

  it('binary metadata in trailers stays as it is', async () => {
    await using t = await proxyBefore({ onEnd: (call) => call.trailersOnly(5, [['x-bin', 'AAE,AAI=']]) });
    const body = grpcMessage(Buffer.from('a')).toString('base64');
    const answer = await ask(t.proxy, { type: 'application/grpc-web-text', body });
    expect(parts(decodeText(answer.bytes)).trailers).toBe('grpc-status: 5\r\nx-bin: AAE,AAI=\r\n');
  });

  it('an error page stays one, and what browsers say of themselves goes on', async () => {
    await using t = await proxyBefore({
      onEnd: ({ connection, stream }) =>
        connection.sendHeaders(
          stream,
          headerList([
            [':status', '502'],
            ['content-type', 'text/html'],
          ]),
          true,
        ),
    });
    const headers = { 'x-user-agent': 'grpc-web-javascript/0.1', 'grpc-timeout': '20S', via: '1.0 cache' };
    const answer = await ask(t.proxy, { body: grpcMessage(Buffer.from('a')), headers });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'text/html']);
    const seen = t.backend.calls[0]!.headers;
    expect(seen.get('accept-encoding')).toBeUndefined();
    expect(seen.get('x-user-agent')).toBe('grpc-web-javascript/0.1');
    expect(seen.get('grpc-timeout')).toMatch(/^1\d{7}u$/);
    const via = seen.fields.filter(({ name }) => name === 'via').map(({ value }) => value);
    expect(via).toEqual(['1.0 cache', '1.1 evenly']);
  });
});
