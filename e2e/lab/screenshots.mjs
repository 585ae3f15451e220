// Makes the pictures of the README: npm run screenshots. Needs a build and a Chromium (CHROMIUM=/path if it is elsewhere).
// The report's picture is of lab-report/index.html, what `npm run lab -- compare` has written last.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const labPort = 18_090;
const images = path('docs/images');
mkdirSync(images, { recursive: true });

const ports = ['--port', '0', '--xds-port', '0', '--lab-port', String(labPort)];
const lab = spawn(process.execPath, [path('apps/lab/dist/main.js'), 'start', '--rate', '100', ...ports]);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  await listening();
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
  await page.goto(`http://127.0.0.1:${labPort}/`);
  await page.getByRole('button', { name: 'Scale be1-srv' }).waitFor();
  await page.waitForTimeout(15_000); // there is to be something in the picture
  await page.getByLabel('Pods of be1-srv').fill('5');
  await page.getByRole('button', { name: 'Scale be1-srv' }).click();
  await page.getByText('be1-srv has 5 pods.').waitFor();
  await page.waitForTimeout(15_000);
  await page.screenshot({ path: `${images}/live.png`, clip: { x: 0, y: 0, width: 1000, height: 900 } });

  const report = path('lab-report/index.html');
  if (existsSync(report)) {
    await page.setViewportSize({ width: 1344, height: 900 }); // the whole table
    await page.goto(`file://${report}`);
    await page.locator('svg[role=img]').first().waitFor();
    await page.screenshot({ path: `${images}/report.png`, clip: { x: 0, y: 0, width: 1344, height: 900 } });
  } else {
    console.log(`no ${report}: its picture stays as it is (npm run lab -- compare writes it)`);
  }
} finally {
  await browser.close();
  lab.kill('SIGTERM');
}

function listening() {
  /** @type {Promise<void>} */
  const listens = new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk) => (output += chunk).includes('Ctrl-C ends it all') && resolve();
    lab.stdout.on('data', read);
    lab.stderr.on('data', read);
    lab.on('exit', () => reject(new Error(`the lab ended: ${output}`)));
  });
  return listens;
}
