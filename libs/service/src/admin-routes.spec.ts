import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AdminRoutes, json, prefersJson } from './admin-routes.ts';

let server: Server;
let failed: unknown[];
beforeEach(async () => {
  failed = [];
  const routes = new AdminRoutes((error, path) => failed.push([path, (error as Error).message]));
  routes.get('/text', ({ query }) => ({ type: 'text', body: `${query.get('q')} – ok\n` }));
  routes.get('/json', () => json({ a: 1 }, { status: 202, headers: { 'cache-control': 'no-store' } }));
  routes.get('/throws', () => {
    throw new Error('secret');
  });
  routes.get('/unsendable', () => ({ type: 'text', headers: { a: '\n' }, body: '' }));
  routes.patch('/text', async (asked) => json((await asked.text(10)) ?? 'too much'));
  server = createServer((asked, response) =>
    routes.handle(asked, response, () => response.writeHead(404).end('next')),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

it('answers with status, headers, type and length', async () => {
  const { status, headers, text } = await ask('/text?q=a%20b');
  expect([status, text]).toEqual([200, 'a b – ok\n']);
  expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(headers.get('content-length')).toBe('11');
  const other = await ask('/json/');
  expect([other.status, other.text]).toEqual([202, '{"a":1}']);
  expect(other.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(other.headers.get('cache-control')).toBe('no-store');
});

it('answers HEAD without a body', async () => {
  const { status, headers, text } = await ask('/json', { method: 'HEAD' });
  expect([status, headers.get('content-length'), text]).toEqual([202, '7', '']);
});

it.each([
  ['/other', 'GET'],
  ['/text', 'POST'],
  ['/', 'GET'],
  ['//text', 'GET'],
])('leaves what it does not know to the next: %s by %s', async (path, method) => {
  expect((await ask(path, { method })).text).toBe('next');
});

it('leaves a target that is no path to the next', async () => {
  const { port } = server.address() as AddressInfo;
  const sent = request({ host: '127.0.0.1', port, path: '*', method: 'OPTIONS' }).end();
  const [response] = (await once(sent, 'response')) as [{ statusCode: number }];
  expect(response.statusCode).toBe(404);
});

it('reads a body up to a limit', async () => {
  expect((await ask('/text', { method: 'PATCH', body: 'ten bytes.' })).text).toBe('"ten bytes."');
  expect((await ask('/text', { method: 'PATCH', body: 'eleven bytes' })).text).toBe('"too much"');
});

it('says that something went wrong, and what to the log only', async () => {
  const { status, text } = await ask('/throws');
  expect(status).toBe(500);
  expect(text).not.toContain('secret');
  expect(failed).toEqual([['/throws', 'secret']]);
});

it('ends the connection when its answer cannot be sent', async () => {
  await expect(ask('/unsendable')).rejects.toThrow('fetch failed');
  expect(failed).toHaveLength(1);
});

it.each([
  [undefined, false],
  ['*/*', false],
  ['', false],
  ['text/plain', false],
  ['application/json', true],
  ['Application/JSON;q=0.9, text/plain;q=0.8', true],
  ['application/json;q=0.5, text/plain', false],
  ['application/json, */*', true],
  ['application/json, */*;q=0.5', true],
  ['text/html, */*', false],
  ['application/json, text/plain', true],
  ['text/plain, application/json', false],
  ['application/*, text/plain;q=0.9', true],
  ['application/json;q=0, */*', false],
  ['application/openmetrics-text;version=1.0.0', false],
])('Accept %s prefers JSON: %s', (accept, expected) =>
  expect(prefersJson(accept === undefined ? {} : { accept })).toBe(expected),
);
