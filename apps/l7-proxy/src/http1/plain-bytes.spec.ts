import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { oneService, startProxy } from '../testing/harness.ts';
import { httpBackend } from '../testing/http-backend.ts';
import { http1Client } from '../testing/http1-client.ts';

/*
 * Plain HTTP/1.1 of clients, byte by byte, to an endpoint that speaks it too.
 */

async function proxied(
  onRequest?: Parameters<typeof httpBackend>[1],
  flags: readonly string[] = ['--http1'],
) {
  const backend = await httpBackend(
    'http1',
    onRequest ??
      ((request, response) => {
        void text(request).then((content) => response.end(`${request.method} ${request.url} ${content}`));
      }),
  );
  onTestFinished(() => backend[Symbol.asyncDispose]());
  const proxy = await startProxy(oneService([backend.address], '    protocol: http1'), flags);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const client = await http1Client(proxy);
  return { backend, proxy, ...client, send: (lines: string) => client.socket.write(lines, 'latin1') };
}

it.each([
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
  [
    'chunked and another coding',
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  ],
  ['a chunk without a size', 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n'],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['two hosts', 'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n'],
  ['a target that is no path', 'GET index.html HTTP/1.1\r\nhost: a\r\n\r\n'],
  ['a field that is folded', 'GET / HTTP/1.1\r\nhost: a\r\nx-a: b\r\n c\r\n\r\n'],
  ['a NUL', 'GET / HTTP/1.1\r\nhost: a\r\nx-a: b\0c\r\n\r\n'],
  ['an encoded slash', 'GET /a%2fb HTTP/1.1\r\nhost: a\r\n\r\n'],
  ['no HTTP', 'EHLO mail.example\r\n\r\n'],
])('refused with 400: %s', async (_what, bytes) => {
  const t = await proxied();
  t.send(bytes);
  await expect.poll(t.response).toMatch(/^HTTP\/1\.1 400 /);
  expect(t.backend.requests.length).toBeLessThanOrEqual(bytes.includes('-1') ? 1 : 0);
});

it('requests of one connection have their responses in turn, and the connection stays', async () => {
  const t = await proxied();
  t.send(
    'GET /1 HTTP/1.1\r\nhost: a\r\n\r\nPOST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nxGET /3 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  );
  await t.closed;
  expect(t.response().match(/(GET|POST) \/\d x?/g)).toEqual(['GET /1 ', 'POST /2 x', 'GET /3 ']);
});

it('a target in absolute form says the authority', async () => {
  const t = await proxied(
    (request, response) => void response.end(`at ${request.headers.host} ${request.url}`),
  );
  t.send('GET http://other.example:81/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  await t.closed;
  expect(t.response()).toContain('at other.example:81 /x');
});

it('what belongs to a connection ends here, both ways; an upgrade is not heard', async () => {
  const t = await proxied((request, response) => {
    response.writeHead(200, { connection: 'keep-alive, x-mine', 'x-mine': '1', 'keep-alive': 'timeout=9' });
    response.end(JSON.stringify(request.headers));
  });
  t.send(
    'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, x-hop, close\r\nupgrade: websocket\r\nx-hop: 1\r\nte: trailers\r\n' +
      'proxy-connection: x\r\nx-end: 1\r\n\r\n',
  );
  await t.closed;
  expect(t.response()).toContain('"x-end":"1"');
  expect(t.response()).not.toMatch(/x-hop|upgrade|"te"|proxy-connection|x-mine|timeout=9/);
});

it('100-continue comes once there is an endpoint, and not before a refusal', async () => {
  const t = await proxied();
  const head = 'content-length: 2\r\nexpect: 100-continue\r\n\r\n';
  t.send(`POST / HTTP/1.1\r\nhost: a\r\n${head}`);
  await expect.poll(t.response).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  t.send('ok');
  await expect.poll(t.response).toContain('POST / ok');
  const other = await http1Client(t.proxy);
  other.socket.write(`POST /a%2fb HTTP/1.1\r\nhost: a\r\n${head}`);
  await expect.poll(other.response).toContain('400 Bad Request');
  expect(other.response()).not.toContain('100 Continue');
});

it('HTTP/1.0 has its response without chunks, and then the end', async () => {
  const t = await proxied((_request, response) => {
    response.write('a');
    response.end('b');
  });
  t.send('GET / HTTP/1.0\r\n\r\n');
  await t.closed;
  expect(t.response()).toMatch(/^HTTP\/1\.1 200 OK\r\n(?!.*chunked).*\r\n\r\nab$/s);
});

it('a client that has gone ends its request at the endpoint', async () => {
  const ended: string[] = [];
  const t = await proxied((request, response) => void response.on('close', () => ended.push(request.url!)));
  t.send('GET /long HTTP/1.1\r\nhost: a\r\n\r\n');
  await expect.poll(() => t.backend.requests.length).toBe(1);
  t.socket.destroy();
  await expect.poll(() => ended).toEqual(['/long']);
});

it('gRPC over HTTP/1.1 is told what it needs', async () => {
  const t = await proxied();
  t.send('POST /a.B/C HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc\r\ncontent-length: 0\r\n\r\n');
  await expect.poll(t.response).toMatch(/^HTTP\/1\.1 415 .*gRPC needs HTTP\/2/s);
});

it('a client that reads slowly slows the endpoint down, and misses nothing', async () => {
  const bytes = 64 * 1024 * 1024; // far more than sockets hold
  let written = 0;
  const t = await proxied((_request, response) => {
    const chunk = Buffer.alloc(65_536, 'x');
    const more = () => {
      while (written < bytes) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  t.socket.pause();
  t.send('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  let last = -1;
  await expect
    .poll(() => {
      const stands = written > 0 && written === last;
      last = written;
      return stands;
    })
    .toBe(true);
  expect(written).toBeLessThan(bytes);
  expect(t.proxy.status().memory.usedBytes).toBeLessThan(1_048_576);
  t.socket.resume();
  await t.closed;
  expect(t.response().length).toBeGreaterThan(bytes);
});

it('without --http1 the port takes no plain HTTP/1.1', async () => {
  const t = await proxied(undefined, []);
  t.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await t.closed;
  expect(t.response()).not.toContain('200');
  expect(t.backend.requests).toEqual([]);
});
