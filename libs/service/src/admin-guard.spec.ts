import { request, type RequestListener } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { adminGuard } from './admin-guard.ts';
import { listenHttp, type HttpListener } from './admin.ts';

let listener: HttpListener;
afterEach(() => listener.close());

/** The HTTP status for a request with these headers. */
async function statusFor(headers: Record<string, string>, method = 'GET'): Promise<number> {
  const guard = adminGuard(['xds-server-metrics', '*.example.org']);
  const handler: RequestListener = (request, response) => guard(request, response, () => response.end('ok'));
  listener = await listenHttp(handler, { host: '127.0.0.1', port: 0, option: '--admin-port' });
  const { port } = listener;
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, headers: { host: '127.0.0.1', ...headers } }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    })
      .on('error', reject)
      .end();
  });
}

it.each([
  '127.0.0.1',
  '127.0.0.1:19000',
  'localhost:19000',
  'LOCALHOST',
  'localhost.',
  '[::1]:19000',
  '10.244.0.7:19000',
  '[fd00::7]:19000',
  'xds-server-metrics:19000',
  'a.b.example.org',
  '',
])('answers to Host %s', async (host) => expect(await statusFor({ host })).toBe(200));

it.each([
  'evil.example:19000',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'example.org',
  'evilexample.org',
  '127.0.0.1:19000.evil.example',
  'evil.example:80:80',
  '[::1].evil.example',
])('refuses Host %s, which a web page may have', async (host) => expect(await statusFor({ host })).toBe(403));

it('refuses requests of web pages from elsewhere, and takes those of its own', async () => {
  const host = 'localhost:19000';
  expect(await statusFor({ host, origin: 'http://evil.example' }, 'POST')).toBe(403);
  await listener.close();
  expect(await statusFor({ host, origin: 'null' }, 'POST')).toBe(403);
  await listener.close();
  expect(await statusFor({ host, origin: 'http://localhost:19000' }, 'POST')).toBe(200);
});
