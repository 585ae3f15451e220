import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Where Chromium is installed on the systems that we know; `CHROMIUM` in the environment comes first. */
const paths = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The browser that tests can use; undefined when none is installed. */
export const chromiumPath = paths.find((path) => path !== '' && existsSync(path));
export const noChromium = chromiumPath ? '' : ' (no Chromium is installed here; set CHROMIUM to its path)';

export function launchChromium(): Promise<Browser> {
  // No sandbox: containers have none to give. The pages are this project's own.
  return chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A page whose faults (errors on the console, exceptions) are kept in a list. */
export async function openPage(
  browser: Browser,
  url: string,
  { colorScheme = 'light', width = 1200 }: { colorScheme?: 'light' | 'dark'; width?: number } = {},
): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(url);
  return { page, faults };
}

/** What axe finds, and whether the page is wider than the window. */
export async function accessibilityFaults(page: Page): Promise<unknown[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  const faults: unknown[] = violations.map(({ id, nodes }) => [
    id,
    nodes.map((node) => node.html).slice(0, 3),
  ]);
  const wider = 'document.documentElement.scrollWidth > window.innerWidth';
  if (await page.evaluate<boolean>(wider)) faults.push('wider than the window');
  return faults;
}
