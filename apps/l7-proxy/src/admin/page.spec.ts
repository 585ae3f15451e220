import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { AdminRoutes } from '@evenly/service';
import { addAdminPage } from '@evenly/service/admin-page';
import {
  accessibilityFaults,
  chromiumPath,
  launchChromium,
  noChromium,
  openPage,
} from '@evenly/service/testing';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { startProxy, type RunningProxy } from '../testing/harness.ts';
import { scriptedBackend, type ScriptedBackend } from '../testing/scripted-backend.ts';
import { liveOf } from './page.ts';

const evil = `<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">`;

let backend: ScriptedBackend;
let proxy: RunningProxy;
let admin: Server;
let url: string;

/** A proxy with all that a page has to show: good and bad endpoints, calls that failed, a name that bites. */
beforeAll(async () => {
  backend = await scriptedBackend({
    onEnd: (call, index) => (index === 0 ? call.trailersOnly(5) : call.reply()),
  });
  proxy = await startProxy(`services:
  shop: { source: { static: { endpoints: [{ address: 127.0.0.1, port: ${backend.port}, zone: ${JSON.stringify(evil)} }] } } }
  gone: { source: { static: { endpoints: ['127.0.0.1:1'] } } }
routes:
  - name: odd
    match: { headers: [{ name: x-test, exact: ${JSON.stringify(evil)} }] }
    to: [{ service: shop, weight: 95 }, { service: gone, weight: 5 }]
  - { name: all, match: {}, to: [{ service: shop }] }
`);
  // poll is for tests only
  const ready = () => expect(proxy.status().services[0]?.endpoints[0]?.state).toBe('ready');
  await vi.waitFor(ready, 15_000);
  const client = new GrpcClient(proxy.address);
  expect((await client.unary()).code).toBe('NOT_FOUND');
  expect((await client.unary()).code).toBe('OK');
  client.close();
  await proxy.write('services: { shop: { sauce: 1 } }\n');
  await vi.waitFor(() => expect(proxy.status().refusedConfig).toContain('sauce'), 15_000);
  const routes = new AdminRoutes((error) => {
    throw error;
  });
  addAdminPage(routes, { title: 'l7-proxy', status: () => proxy.status(), live: liveOf });
  admin = createServer((request, response) =>
    routes.handle(request, response, () => response.destroy()),
  ).listen(0, '127.0.0.1');
  await once(admin, 'listening');
  url = `http://127.0.0.1:${(admin.address() as AddressInfo).port}`;
});
afterAll(async () => {
  admin.closeAllConnections();
  admin.close();
  await proxy[Symbol.asyncDispose]();
  await backend.close();
});

const text = async (path: string) => (await fetch(url + path)).text();

describe('the admin page without a browser', () => {
  it('shows routes with their calls, endpoints and what is wrong, all names escaped', async () => {
    const page = await text('/');
    expect(page).toContain('1 of 2 endpoints ready');
    expect(page).toContain('The config was refused');
    expect(page).toContain('<code>127.0.0.1:1</code>');
    expect(page).toContain('shop 95 %, gone 5 %');
    expect(page).toMatch(
      /any authority<\/td>\s*<td>shop<\/td>\s*<td class="number">0<\/td>\s*<td class="number">2<\/td>/,
    );
    expect(page).toContain('&lt;script&gt;window.pwned');
    expect(page.match(/<script\b/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
    expect(await text('/live?q=nothing')).toContain('None with this name.');
  });

  it('lets no other script run, asks no other host and is not kept', async () => {
    const { headers } = await fetch(url);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await text('/')).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('has the same as JSON', async () => {
    expect(JSON.parse(await text('/status'))).toMatchObject({
      refusedConfig: expect.stringContaining('sauce') as string,
      listeners: [
        {
          name: 'proxy',
          routes: [{ name: 'odd', calls: 0 }, { name: 'all', calls: 2, failures: 1 }, {}, {}],
        },
      ],
      services: [{ name: 'shop', endpoints: [{ state: 'ready', calls: 2 }] }, { name: 'gone' }],
    });
  });
});

describe.skipIf(chromiumPath === undefined)(`the admin page in a browser${noChromium}`, () => {
  let browser: Browser;
  beforeAll(async () => (browser = await launchChromium()));
  afterAll(() => browser.close());

  it.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    'runs nothing of others, follows changes and is accessible: %s, %i px',
    async (colorScheme, width) => {
      const { page, faults } = await openPage(browser, url, { colorScheme, width });
      await page.getByRole('heading', { name: 'shop' }).waitFor();
      await page.locator('summary').first().click();
      const calls = page.getByRole('row', { name: /^all / }).locator('td').nth(3);
      const before = Number(await calls.textContent());
      const client = new GrpcClient(proxy.address);
      expect((await client.unary()).code).toBe('OK');
      client.close();
      await expect.poll(async () => Number(await calls.textContent()), { timeout: 10_000 }).toBe(before + 1);
      expect(await page.getByText(backend.address).isVisible()).toBe(true);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('window.pwned')).toBeUndefined();
      expect(faults).toEqual([]);
      await page.close();
    },
  );
});
