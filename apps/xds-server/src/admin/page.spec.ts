import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  accessibilityFaults,
  chromiumPath,
  launchChromium,
  noChromium,
  openPage,
} from '@evenly/service/testing';
import { servingPod, svcConfig, xdsServerProcess } from '../testing/harness.ts';

const evil = `<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">`;

type Server = Awaited<ReturnType<typeof xdsServerProcess>>;
type Client = ReturnType<Server['client']>;

let server: Server;
let pod: Awaited<ReturnType<typeof servingPod>>;
let clients: Client[];

/** A server with all that a page has to show: good and bad services, and clients of every mood. */
async function start() {
  pod = await servingPod();
  server = await xdsServerProcess(svcConfig('be1-srv', 'nowhere'));
  await server.started();
  server.publish('be1-srv', pod.port);
  clients = [
    server.client({ id: 'good' }),
    server.client({ id: evil, answer: () => new Error(`do not like ${evil}`) }),
    server.client({ id: 'silent', answer: () => undefined }),
  ];
  for (const client of clients) client.subscribe('cluster', 'be1-srv-cluster', evil);
  const told = () => expect(clients.map((client) => client.resources('cluster'))).toEqual([1, 1, 1]);
  await vi.waitFor(told, 15_000); // poll is for tests only
}

async function stop() {
  for (const client of clients) client.close();
  await server.stop();
  pod.stop();
}

const text = async (path: string) => (await server.admin(path)).text();

describe('the admin page without a browser', () => {
  beforeAll(start);
  afterAll(stop);

  it('shows services, endpoints, clients and what is wrong, with all that clients send escaped', async () => {
    await expect.poll(() => text('/')).toContain(`127.0.0.1:${pod.port}`);
    await expect.poll(() => text('/')).toContain('NXDOMAIN');
    const page = await text('/');
    expect(page).toContain('1 of 1 endpoint healthy');
    expect(page).toContain('&lt;script&gt;window.pwned');
    expect(page).toContain('do not like &lt;script&gt;');
    expect(page.match(/<script\b/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
    expect(await text('/live')).not.toContain('<script');
  });

  it('shows names that contain the filter, itself escaped', async () => {
    const page = await text(`/?q=${encodeURIComponent('"><script>')}`);
    expect(page).toContain('value="&quot;&gt;&lt;script&gt;"');
    expect(page).toContain('None with this name.');
    const live = await text('/live?q=be1');
    expect(live).toContain('<h3>be1-srv</h3>');
    expect(live).not.toContain('<h3>nowhere</h3>');
    expect((await server.admin('/?q=a&q=b')).status).toBe(200);
  });

  it('lets no other script run, asks no other host and is not kept', async () => {
    const { headers } = await server.admin('/');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await text('/')).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('has the same as JSON', async () => {
    const status = (await server.status()) as {
      clients: { node: string; types: object }[];
      security: object;
    };
    expect(status.security).toEqual({ kind: 'plaintext', certificates: [] });
    expect(status.clients.map(({ node }) => node)).toEqual(['good', evil, 'silent']);
    expect(status.clients[1]).toMatchObject({
      kind: 'grpc',
      types: { cluster: { subscribed: ['be1-srv-cluster', evil], rejected: [{ name: 'be1-srv-cluster' }] } },
    });
  });
});

describe.skipIf(chromiumPath === undefined)(`the admin page in a browser${noChromium}`, () => {
  let browser: Browser;
  let faults: string[];
  beforeAll(async () => (browser = await launchChromium()));
  afterAll(() => browser.close());
  afterEach(stop);

  async function open(colorScheme: 'light' | 'dark' = 'light', width = 1200): Promise<Page> {
    await start();
    const opened = await openPage(browser, server.adminUrl(), { colorScheme, width });
    const { page } = opened;
    faults = opened.faults;
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => faults.push('a dialog')));
    await page.getByText(`do not like ${evil}`).first().waitFor();
    return page;
  }

  it('runs nothing that a client sends, and has no faults', async () => {
    const page = await open();
    expect(await page.getByRole('heading', { name: evil }).count()).toBe(1);
    await page.waitForResponse((response) => response.url().endsWith('/live'));
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(faults).toEqual([]);
    await page.close();
  });

  it('follows changes by itself, and leaves what is opened and focused as it is', async () => {
    const page = await open();
    await page.getByText(`127.0.0.1:${pod.port}`).waitFor({ state: 'attached' });
    const summary = page.locator('article', { hasText: 'be1-srv' }).locator('summary');
    await summary.click();
    clients.push(server.client({ id: 'newcomer' }));
    clients.at(-1)!.subscribe('listener', 'be1-srv');
    await page.getByRole('heading', { name: 'newcomer' }).waitFor();
    expect(await page.getByText(`127.0.0.1:${pod.port}`).isVisible()).toBe(true);
    expect(await page.evaluate('document.activeElement.parentElement.dataset.key')).toBe('be1-srv');

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused.').waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
    clients.pop()!.close();
    await page.getByRole('heading', { name: 'newcomer' }).waitFor({ state: 'detached' });
    await page.close();
  });

  it('says so when the server is gone, and keeps what it has', async () => {
    const page = await open();
    await server.server.stop(5000);
    await page.getByText('No answer; this is old.').waitFor();
    expect(await page.getByRole('heading', { name: 'good' }).count()).toBe(1);
    await page.close();
  });

  it('filters by name from the keyboard', async () => {
    const page = await open();
    await page.getByLabel('Name').fill('goo');
    await page.keyboard.press('Enter');
    await page.getByText('1 client with this name').waitFor();
    expect(await page.locator('#clients ~ article h3').allTextContents()).toEqual(['good']);
    await page.close();
  });

  it.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 390],
    ['dark', 390],
  ] as const)('is accessible, %s, %i px wide', async (scheme, width) => {
    const page = await open(scheme, width);
    await page.locator('summary').first().click();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.close();
  });
});
