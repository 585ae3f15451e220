import type { RequestListener } from 'node:http';
import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { AdminRoutes } from './admin-routes.ts';
import { addCommonRoutes, listenHttp, type HttpListener } from './admin.ts';
import { Readiness } from './readiness.ts';
import { sayReadiness } from './say-readiness.ts';

let listener: HttpListener | undefined;
afterEach(async () => {
  await listener?.close(AbortSignal.abort());
  listener = undefined;
});

async function readyz(readiness: Readiness, accept: string): Promise<[status: number, text: string]> {
  const routes = new AdminRoutes((error) => expect.fail(String(error)));
  addCommonRoutes(routes, readiness, new Registry());
  const handler: RequestListener = (request, response) =>
    routes.handle(request, response, () => response.destroy());
  listener ??= await listenHttp(handler, { host: '127.0.0.1', port: 0, option: '--port' });
  const response = await fetch(`http://127.0.0.1:${listener.port}/readyz`, { headers: { accept } });
  return [response.status, await response.text()];
}

it('is ready when it serves and all gates have been passed, and not any more when it drains', () => {
  const readiness = new Readiness();
  const seen: boolean[] = [];
  readiness.onChange(() => seen.push(readiness.isReady));
  const one = readiness.gate('one', () => '');
  const other = readiness.gate('other', () => '');
  one.pass();
  readiness.serving();
  other.pass();
  readiness.draining();
  expect(seen).toEqual([false, false, false, false, true, false]);
});

it('says what it waits for, as it is now: text for people, JSON when asked', async () => {
  const readiness = new Readiness();
  readiness.serving();
  let reason = 'no answer yet';
  const gate = readiness.gate('source be1-srv', () => reason);
  const other = readiness.gate('config', () => 'none yet');
  expect(await readyz(readiness, '*/*')).toEqual([
    503,
    'not ready, waits for\n  source be1-srv: no answer yet\n  config: none yet\n',
  ]);
  other.pass();
  reason = 'refused';
  expect(await readyz(readiness, 'application/json')).toEqual([
    503,
    '{"ready":false,"waiting":[{"gate":"source be1-srv","reason":"refused"}]}',
  ]);
  gate.pass();
  gate.pass();
  expect(await readyz(readiness, 'application/json')).toEqual([200, '{"ready":true,"waiting":[]}']);
  expect(await readyz(readiness, 'text/html, */*')).toEqual([200, 'ready\n']);
});

it('names 50 gates in the text, and all in JSON', async () => {
  const readiness = new Readiness();
  for (let count = 0; count < 59; count++) readiness.gate(`gate ${count}`, () => '');
  const [, text] = await readyz(readiness, 'text/plain');
  expect(text.split('\n')).toHaveLength(1 + 50 + 1 + 1);
  expect(text).toContain('  and 10 more\n');
  const [, json] = await readyz(readiness, 'application/json');
  expect((JSON.parse(json) as { waiting: unknown[] }).waiting).toHaveLength(60);
});

it('says once in the log that it is ready', () => {
  const readiness = new Readiness();
  const log: unknown[] = [];
  sayReadiness(readiness, { info: (line: unknown) => log.push(line), warn: () => undefined } as never);
  const gate = readiness.gate('config', () => '');
  readiness.serving();
  expect(log).toEqual([]);
  gate.pass();
  readiness.draining();
  readiness.serving();
  expect(log).toEqual(['ready']);
});
