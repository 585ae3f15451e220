import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startProxy } from '../../testing/harness.ts';
import { httpBackend } from '../../testing/http-backend.ts';
import { ask } from '../../testing/http-client.ts';

/*
 * Endpoints that speak HTTP/1.1, byte by byte: what they may do, and what comes of what they may not.
 */

/** An endpoint that says what a test says, whenever a whole head has come. */
async function rawEndpoint(onRequest: (socket: Socket, head: string, index: number) => void) {
  const heads: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    let text = '';
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        if (!/^[A-Z]+ /.test(head)) continue; // content
        heads.push(head);
        onRequest(socket, head, heads.length - 1);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, heads, server, connections: () => connections };
}

async function proxyBefore(addresses: readonly string[], policy = '') {
  const proxy = await startProxy(
    `services:
  web:
    source: { static: { endpoints: [${addresses.map((one) => `'${one}'`).join(', ')}] } }
    protocol: http1
${policy}
routes: [{ match: {}, to: [{ service: web }] }]`,
    ['--http1'],
  );
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return { ...proxy, ask: (request = {}) => ask('http1', proxy.port, request) };
}

const good = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('responses that are none', () => {
  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok'],
    [
      'a coding that nobody knows',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['a folded field', 'HTTP/1.1 200 OK\r\nx-a: 1\r\n 2\r\ncontent-length: 2\r\n\r\nok'],
    ['a name with a blank', 'HTTP/1.1 200 OK\r\nx-a : 1\r\ncontent-length: 2\r\n\r\nok'],
    ['too many fields', `HTTP/1.1 200 OK\r\n${'x-a: 0123456789\r\n'.repeat(5000)}\r\n`],
    ['a status of one digit', 'HTTP/1.1 2 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['informational ones without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)],
  ])('%s: 502, and the connection is not used again', async (_what, response) => {
    const endpoint = await rawEndpoint(
      (socket, _head, index) => void socket.write(index === 0 ? response : good),
    );
    const proxy = await proxyBefore([endpoint.address]);
    const got = await proxy.ask({ method: 'POST', content: 'x' });
    expect(got.status).toBe(502);
    expect(await proxy.ask()).toMatchObject({ status: 200, text: 'ok' });
    expect(endpoint.connections()).toBe(2);
  });

  it('what comes without a request is no response to the next one', async () => {
    const endpoint = await rawEndpoint((socket, _head, index) => {
      socket.write(good);
      if (index === 0) setImmediate(() => socket.write(good.replace('ok', 'no')));
    });
    const proxy = await proxyBefore([endpoint.address]);
    expect((await proxy.ask()).text).toBe('ok');
    await expect.poll(endpoint.connections).toBe(2);
    expect((await proxy.ask()).text).toBe('ok');
    expect((await proxy.ask()).text).toBe('ok');
  });

  it('nor is what comes together with a response', async () => {
    const endpoint = await rawEndpoint(
      (socket, _head, index) => void socket.write(index === 0 ? good + good.replace('ok', 'no') : good),
    );
    const proxy = await proxyBefore([endpoint.address]);
    expect((await proxy.ask()).text).toBe('ok');
    for (let count = 0; count < 3; count++) expect((await proxy.ask()).text).toBe('ok');
  });
});

describe('connections', () => {
  it('end with a response that says so, or has no length; the next request gets a new one at once', async () => {
    const endpoint = await rawEndpoint((socket, _head, index) => {
      if (index % 2 === 0) socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok');
      else socket.end('HTTP/1.0 200 OK\r\n\r\nall that comes');
    });
    const proxy = await proxyBefore([endpoint.address]);
    for (let count = 0; count < 4; count++) {
      const got = await proxy.ask();
      expect(got).toMatchObject({ status: 200, text: count % 2 === 0 ? 'ok' : 'all that comes' });
    }
    expect(endpoint.heads).toHaveLength(4);
  });

  it('that end instead of a response are not the client’s business, if the method is safe to repeat', async () => {
    const endpoint = await rawEndpoint(
      (socket, _head, index) => void (index === 1 ? socket.destroy() : socket.write(good)),
    );
    const proxy = await proxyBefore([endpoint.address]);
    expect((await proxy.ask()).status).toBe(200);
    expect((await proxy.ask()).status).toBe(200);
    expect(endpoint.heads).toHaveLength(3);
  });

  it('with any other it is told, and nothing is sent twice', async () => {
    const endpoint = await rawEndpoint((socket) => void socket.destroy());
    const proxy = await proxyBefore([endpoint.address]);
    expect((await proxy.ask({ method: 'POST', content: 'x' })).status).toBe(503);
    expect(endpoint.heads).toHaveLength(1);
  });

  it('carry one request at a time, and there are no more than the circuit breaker allows', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    await using backend = await httpBackend('http1', (_request, response) => {
      waiting.push(() => response.end('done'));
      most = Math.max(most, waiting.length);
    });
    const proxy = await proxyBefore(
      [backend.address],
      '    policy: { circuitBreaker: { maxRequests: 20, maxPendingRequests: 20, maxConnections: 3, maxRetries: 0 } }',
    );
    const all = Promise.all(Array.from({ length: 8 }, () => proxy.ask()));
    await expect.poll(() => [waiting.length, proxy.status().services[0]!.waiting]).toEqual([3, 5]);
    for (let left = 8; left > 0; left--) {
      await expect.poll(() => waiting.length).toBeGreaterThan(0);
      waiting.shift()!();
    }
    const responses = await all;
    expect(responses.every(({ status, text }) => status === 200 && text === 'done')).toBe(true);
    expect(most).toBe(3);
    expect(backend.connections).toBe(3);
  });

  it('of a client that has gone are closed, for that is how an endpoint hears of it', async () => {
    const closed: boolean[] = [];
    await using backend = await httpBackend('http1', (request, response) => {
      response.on('close', () => closed.push(true));
      if (request.url === '/ok') response.end('ok');
    });
    const proxy = await proxyBefore([backend.address], '    policy: { timeout: 100ms }');
    expect((await proxy.ask()).status).toBe(504);
    await expect.poll(() => closed.length).toBe(1);
    expect((await proxy.ask({ path: '/ok' })).text).toBe('ok');
  });

  it('to endpoints that are not there leave calls to the others', async () => {
    await using backend = await httpBackend('http1', (_request, response) => void response.end('ok'));
    const proxy = await proxyBefore(['127.0.0.1:1', backend.address]);
    for (let count = 0; count < 5; count++) expect((await proxy.ask()).status).toBe(200);
  });
});

it('an endpoint that answers 5xx is an outlier, whatever its fields say of gRPC', async () => {
  await using bad = await httpBackend('http1', (_request, response) => {
    response.writeHead(500, { 'grpc-status': '0' }).end();
  });
  await using fine = await httpBackend('http1', (_request, response) => void response.end('ok'));
  const proxy = await proxyBefore(
    [bad.address, fine.address],
    '    policy: { outlierDetection: { consecutiveFailures: 2, maxEjectionPercent: 50 } }',
  );
  for (let count = 0; count < 6; count++) await proxy.ask();
  const states = proxy.status().services[0]!.endpoints.map(({ state }) => state);
  expect(states.sort()).toEqual(['ejected', 'ready']);
});

it.each([
  ['GET', undefined, [], /^GET \/ HTTP\/1.1\r\nhost: shop\r\n(?!.*(content-length|transfer-encoding))/s],
  ['POST', undefined, [], /content-length: 0/],
  ['GET', 'content', ['content-length', '7'], /content-length: 7/],
  ['GET', 'content', [], /transfer-encoding: chunked/],
])('%s with content %s is framed', async (method, content, length, expected) => {
  const endpoint = await rawEndpoint((socket) => void socket.write(good));
  const proxy = await proxyBefore([endpoint.address]);
  const headers = length.length === 0 ? {} : { [length[0]!]: length[1]! };
  // From HTTP/2, which needs no frame of its own.
  const got = await ask('http2', proxy.port, {
    method,
    headers,
    ...(content === undefined ? {} : { content }),
  });
  expect(got.status).toBe(200);
  expect(endpoint.heads[0]).toMatch(expected);
  expect(endpoint.heads).toHaveLength(1);
});
