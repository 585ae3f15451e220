import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startProxy } from '../testing/harness.ts';
import { httpBackend, type HttpVersion } from '../testing/http-backend.ts';
import { ask } from '../testing/http-client.ts';

type OnRequest = Parameters<typeof httpBackend>[1];

/** A backend that speaks one version, behind a proxy that takes both. */
async function proxied(version: HttpVersion, onRequest: OnRequest, route = '', service = '') {
  const backend = await httpBackend(version, onRequest);
  const proxy = await startProxy(
    `services:
  web:
    source: { static: { endpoints: ['${backend.address}'] } }
${version === 'http1' ? '    protocol: http1' : ''}
${service}
routes:
  - name: all
    match: { authority: shop }
    to: [{ service: web }]
${route}`,
    ['--http1'],
  );
  return {
    backend,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

const ways: [HttpVersion, HttpVersion][] = [
  ['http1', 'http1'],
  ['http1', 'http2'],
  ['http2', 'http1'],
  ['http2', 'http2'],
];

describe.each(ways)('plain HTTP from %s to %s', (client, endpoint) => {
  it('passes requests and responses on', async () => {
    await using t = await proxied(endpoint, (request, response) => {
      void text(request).then((content) => {
        response.writeHead(201, {
          'x-saw': `${request.method} ${request.url}`,
          'set-cookie': ['a=1', 'b=2'],
        });
        response.end(`echo ${content}`);
      });
    });
    const { port } = t.proxy;
    const got = await ask(client, port, {
      path: '/a%20b/?c=d',
      headers: { cookie: 'a=1; b=2', te: 'trailers' },
    });
    expect(got).toMatchObject({ status: 201, text: 'echo ' });
    expect(got.headers).toMatchObject({ 'x-saw': 'GET /a%20b/?c=d', 'set-cookie': ['a=1', 'b=2'] });
    expect(got.headers.date).toBeDefined();
    const posted = await ask(client, port, { method: 'POST', path: '/', content: 'one' });
    expect(posted.text).toBe('echo one');

    const [first, second] = t.backend.requests.map(({ headers }) => headers);
    expect(first).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'shop',
      via: `${client === 'http1' ? '1.1' : '2.0'} evenly`,
      cookie: 'a=1; b=2',
    });
    expect(first!.host ?? first![':authority']).toBe('shop');
    expect(first!['content-length'] ?? first!['transfer-encoding']).toBeUndefined();
    expect(second!['x-request-id']).toBeDefined();
  });

  it('content of any size goes both ways, and comes out as it went in', async () => {
    await using t = await proxied(endpoint, (request, response) => void request.pipe(response));
    const content = Array.from({ length: 64 }, (_, index) => Buffer.alloc(65_536, index));
    const got = await ask(client, t.proxy.port, { method: 'PUT', content });
    const hash = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(Buffer.from(got.text, 'utf8'))).toBe(hash(Buffer.from(Buffer.concat(content).toString())));
  });

  it('trailers go both ways', async () => {
    await using t = await proxied(endpoint, (request, response) => {
      void text(request).then(() => {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('content');
        response.addTrailers({ 'x-sum': String(request.trailers['x-count']) });
        response.end();
      });
    });
    const got = await ask(client, t.proxy.port, {
      method: 'POST',
      content: 'c',
      trailers: { 'x-count': '7' },
    });
    expect(got).toMatchObject({ text: 'content', trailers: { 'x-sum': '7' } });
  });

  it.each([
    ['HEAD', 200, { 'content-length': '5' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"a"' }],
    ['POST', 200, { 'content-length': '0' }],
    ['DELETE', 404, { 'content-length': '0' }],
  ])('%s answered with %i and no content', async (method, status, headers) => {
    await using t = await proxied(endpoint, (_request, response) =>
      response.writeHead(status, headers).end(),
    );
    for (let count = 0; count < 2; count++) {
      const got = await ask(client, t.proxy.port, { method });
      expect(got).toMatchObject({ status, headers, text: '' });
    }
    expect(t.backend.connections).toBe(1);
  });

  it('what the proxy answers itself is HTTP', async () => {
    await using t = await proxied(endpoint, () => undefined, '    timeout: 300ms');
    const { port } = t.proxy;
    expect(await ask(client, port, { host: 'other' })).toMatchObject({
      status: 404,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      text: 'no route for other /\n',
    });
    expect(await ask(client, port)).toMatchObject({ status: 504, text: 'no answer from web in time\n' });
  });

  it('a response that breaks off does not look whole', async () => {
    await using t = await proxied(endpoint, (request, response) => {
      response.write('some', () => request.socket.destroy());
    });
    await expect(ask(client, t.proxy.port)).rejects.toThrow();
  });

  it('an early response comes through, whatever becomes of the upload', async () => {
    await using t = await proxied(endpoint, (_request, response) => response.writeHead(413).end('too large'));
    const content = Array.from({ length: 4 }, () => Buffer.alloc(65_536));
    const got = await ask(client, t.proxy.port, { method: 'POST', content });
    expect(got).toMatchObject({ status: 413, text: 'too large' });
  });
});
