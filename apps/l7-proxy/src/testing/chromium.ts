import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Where Chromium is installed on the systems that we know; `CHROMIUM` in the environment comes first. */
const paths = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** The browser that tests can use; undefined when none is installed. */
export const chromiumPath = paths.find((path) => path !== '' && existsSync(path));

export function launchChromium(): Promise<Browser> {
  // No sandbox: containers have none to give. The pages are this project's own.
  return chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox', '--disable-gpu'] });
}
