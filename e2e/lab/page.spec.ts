import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accessibilityFaults,
  chromiumPath,
  launchChromium,
  noChromium,
  openPage,
} from '@evenly/service/testing';
import { RunningLab } from '../local/lab.ts';

describe.skipIf(chromiumPath === undefined)(`the live page${noChromium}`, () => {
  let browser: Browser;
  let lab: RunningLab;
  beforeAll(async () => {
    [browser, lab] = await Promise.all([launchChromium(), RunningLab.start(['--rate', '50'])]);
  });
  afterAll(async () => {
    // Undefined when the start failed, which is what is to be seen then.
    await (browser as Browser | undefined)?.close();
    await (lab as RunningLab | undefined)?.stop();
  });

  const open = async (options: Parameters<typeof openPage>[2] = {}) => {
    const { page, faults } = await openPage(browser, lab.url, options);
    await page.getByRole('button', { name: 'Scale be1-srv', exact: true }).waitFor();
    return { page, faults };
  };
  const said = (page: Page) => page.locator('#said').textContent();
  const chartOf = (page: Page) => page.locator('#calls svg').getAttribute('aria-label');

  it('scales by a click, and the chart follows', async () => {
    const { page, faults } = await open();
    await expect.poll(() => chartOf(page)).toContain('be1-srv-1');
    await page.getByLabel('Pods of be1-srv').fill('4');
    await page.getByRole('button', { name: 'Scale be1-srv' }).click();
    await expect.poll(() => said(page)).toBe('be1-srv has 4 pods.');
    await expect.poll(() => chartOf(page)).toMatch(/be1-srv-1, be1-srv-2, be1-srv-3, be1-srv-4/);
    await expect
      .poll(() => page.locator('#graph svg').getAttribute('aria-label'))
      .toMatch(/client calls be1-srv-4/);
    await expect
      .poll(() => page.locator('#success').textContent())
      .toMatch(/^(All|[\d.]+ %) of the client's/);
    await page.getByLabel('Pods of be2-srv').fill('0');
    await page.getByRole('button', { name: 'Scale be2-srv' }).click();
    await expect
      .poll(() => page.locator('#services').textContent())
      .toContain('No pods: nobody answers calls to be2-srv.');
    await page.getByLabel('Pods of be2-srv').fill('2');
    await page.getByRole('button', { name: 'Scale be2-srv' }).click();
    await expect.poll(() => said(page)).toBe('be2-srv has 2 pods.');
    expect(faults).toEqual([]);
    await page.close();
  });

  it('makes pods unhealthy, slow and dead, and says what the lab refuses', async () => {
    const { page, faults } = await open();
    const [pod] = await lab.podsOf('be2-srv');
    const row = page.getByRole('row', { name: pod! });
    await page.getByRole('button', { name: `Make ${pod} unhealthy` }).click();
    await expect.poll(() => row.textContent()).toContain('unhealthy');
    await page.getByRole('button', { name: `Make ${pod} healthy` }).click();
    await page.getByRole('button', { name: `+200 ms for ${pod}` }).click();
    await expect.poll(() => row.textContent()).toContain('+200ms');
    await page.getByRole('button', { name: `Kill ${pod}` }).click();
    await expect.poll(() => row.count()).toBe(0);
    await page.evaluate(`document.querySelector('[aria-label="Pods of be2-srv"]').removeAttribute('max')`);
    await page.getByLabel('Pods of be2-srv').fill('10000');
    await page.getByRole('button', { name: 'Scale be2-srv' }).click();
    await expect.poll(() => said(page)).toContain('from 0 to 50');
    expect(faults.filter((fault) => !fault.includes('400'))).toEqual([]); // the refusal, as Chromium logs it
    await page.close();
  });

  it('shows what the clients of the xDS server have acknowledged, and calls that are not the client’s', async () => {
    const { page } = await open();
    // The frontend asks the xDS server with its first call; the two clients have two names.
    await lab.call('be1-srv', 1000);
    for (const name of ['lab-client', 'lab-frontend'])
      await expect.poll(() => page.locator('#xds tr', { hasText: name }).textContent()).toMatch(/acked/);
    await expect.poll(() => chartOf(page)).toContain('be1-srv');
    await page.close();
  });

  it('switches the scenario, and changes its shares', async () => {
    const { page, faults } = await open();
    await page.getByText('Unlike a real cluster').click();
    await expect
      .poll(() => page.locator('#differences').textContent())
      .toContain('Pods are processes of one machine');
    // Without a proxy there is no gRPC-Web; the panel leads to where there is.
    await page.getByRole('button', { name: 'Switch to sidecar' }).click();
    await expect.poll(() => said(page)).toBe('sidecar runs.');
    await page.getByRole('button', { name: 'Call ten times' }).click();
    await expect.poll(() => page.locator('#answers').textContent()).toContain('× Hello browser');
    await page.getByLabel('Scenario').selectOption('canary');
    await page.getByRole('button', { name: 'Switch', exact: true }).click();
    await expect.poll(() => said(page)).toBe('canary runs.');
    const slider = page.getByLabel('be1-srv-v2 gets');
    await slider.waitFor();
    await slider.fill('100'); // with an input and a change event
    await expect.poll(() => said(page)).toBe('be1-srv-v2 gets 100 % of the calls.');
    await expect
      .poll(() => page.locator('#got').textContent())
      .toMatch(/be1-srv: asked for 0 %, got 0\.0 %; be1-srv-v2: asked for 100 %, got 100\.0 % of \d+ calls/);
    const callers = () => page.locator('#graph svg').getAttribute('aria-label');
    await expect
      .poll(callers)
      .toMatch(/^(client calls be1-srv-v2-\d through l7-proxy \d+ times a second(, )?)+$/);

    // gRPC-Web from this browser, through the proxy.
    await page.getByLabel('Name').fill('Chromium');
    await page.getByRole('button', { name: 'Call ten times' }).click();
    await expect
      .poll(() => page.locator('#answers').textContent())
      .toMatch(/× Hello Chromium {2}from hostname be1-srv-v2-/);
    expect(faults).toEqual([]);
    await page.getByLabel('Scenario').selectOption('xds-dns-srv');
    await page.getByRole('button', { name: 'Switch', exact: true }).click();
    await expect.poll(() => said(page)).toBe('xds-dns-srv runs.');
    await page.close();
  });

  it('shows the last lines of a pod that does not start', async () => {
    const { page } = await open();
    await page.getByLabel('Scenario').selectOption('headless-dns');
    await page.getByRole('button', { name: 'Switch', exact: true }).click();
    await expect.poll(() => said(page)).toBe('headless-dns runs.');
    // The address of the next pod is taken.
    const { pods } = (await lab.status()).services.find(({ name }) => name === 'be1-srv')!;
    const [, prefix, number] = /^(.*\.)(\d+)$/.exec(pods.at(-1)!.address)!;
    const other = createServer().listen(pods[0]!.port, `${prefix}${Number(number) + 1}`);
    await once(other, 'listening');
    await page.getByLabel('Pods of be1-srv').fill('4');
    await page.getByRole('button', { name: 'Scale be1-srv' }).click();
    await expect
      .poll(() => said(page))
      .toMatch(/^be1-srv-4 did not start: exit code \d+; its last lines:\n[^]*port 50051 is in use/);
    other.close();
    await expect.poll(() => lab.podsOf('be1-srv')).toHaveLength(4); // the service goes on trying
    await page.close();
  });

  it.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 390],
    ['dark', 390],
  ] as const)('is accessible, %s, %i px wide', async (colorScheme, width) => {
    const { page } = await open({ colorScheme, width });
    await page.getByText('Unlike a real cluster').click();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.close();
  });
});
