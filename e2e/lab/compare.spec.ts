import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  accessibilityFaults,
  chromiumPath,
  launchChromium,
  noChromium,
  openPage,
} from '@evenly/service/testing';
import { eventually, isAlive } from '../shared/wait.ts';

const main = fileURLToPath(new URL('../../apps/lab/dist/main.js', import.meta.url));

let output: string;
let running: ManagedProcess | undefined;
beforeEach(() => (output = mkdtempSync(join(tmpdir(), 'evenly-report-'))));
afterEach(async () => {
  await running?.stop(30_000);
  rmSync(output, { recursive: true });
});

function lab(args: readonly string[], env: Record<string, string> = {}): ManagedProcess {
  const where = args.includes('--output') ? [] : ['--output', output];
  const command = [process.execPath, main, ...args, ...where];
  running = new ManagedProcess({ name: 'lab', command, env: { ...process.env, ...env } });
  return running;
}

interface Report {
  partial: boolean;
  seed: number;
  scenarios: {
    name: string;
    error?: string;
    rounds: number;
    figures: Record<string, { median: number | null; beyond?: string; missing?: string }>;
    scaledProxies?: { before: number[]; added: number[] };
  }[];
}
const report = () => JSON.parse(readFileSync(join(output, 'report.json'), 'utf8')) as Report;
/** Processes whose standard input, and so whose life, hangs on that of the lab. */
const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');

describe('lab compare', () => {
  it('measures a scenario and writes a report', async () => {
    const process = lab(['run', 'headless-dns', '--rounds', '1', '--seed', '7']);
    expect((await process.exited).code, process.log.text).toBe(0);
    expect(process.log.text).toMatch(/scenario +Jain/);
    const { partial, seed, scenarios } = report();
    expect({ partial, seed }).toEqual({ partial: false, seed: 7 });
    const [{ name, rounds, figures, error } = { figures: {} }] = scenarios as Partial<
      Report['scenarios'][0]
    >[];
    expect({ name, rounds, error }).toEqual({ name: 'headless-dns', rounds: 1, error: undefined });
    expect(figures!['jain']!.median).toBeGreaterThan(0.9);
    // What the reference systems say of it: new pods get nothing.
    expect(figures!['firstCallMs']!).toMatchObject({ median: null, beyond: '> 6 s', repeatable: null });
    expect(figures!['p99EwmaMs']!.missing).toMatch(/gRPC's own policies do not look at latency/);
    expect(process.log.text).toMatch(/\(a\) not measured: gRPC's own policies do not look at latency/);
    expect(Object.keys(figures!)).toHaveLength(14);
  });

  it('counts which proxies calls go through when proxies are added', async () => {
    const process = lab(['run', 'proxy', '--rounds', '1']);
    expect((await process.exited).code, process.log.text).toBe(0);
    expect(process.log.text).toMatch(
      /proxy: 2 → 4 proxies, calls of the next 6 s: .* of the new ones 0 and 0/,
    );
    // How far they are apart is for a machine without tests.
    const { p99SlowMs, p99EwmaMs } = report().scenarios[0]!.figures;
    expect([p99SlowMs!.median, p99EwmaMs!.median]).toEqual([expect.any(Number), expect.any(Number)]);
    const { before, added } = report().scenarios[0]!.scaledProxies!;
    expect(before.every((calls) => calls > 0)).toBe(true);
    expect(added).toEqual([0, 0]);
  });

  it('that is interrupted leaves a partial report, and no process', async () => {
    const process = lab(['compare', '--scenarios', 'sidecar,clusterip', '--rounds', '5']);
    await eventually(() => expect(childrenOf(process.pid!).length).toBeGreaterThan(7));
    const pids = childrenOf(process.pid!).map(Number);
    const { code } = await process.stop(30_000);
    expect(code).toBe(130);
    expect(report().partial).toBe(true);
    expect(report().scenarios.map(({ error }) => error)).toEqual(['interrupted', 'interrupted']);
    expect(process.log.text).toContain('PARTIAL');
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('shows the last lines of a pod that does not start', async () => {
    const process = lab(['run', 'clusterip', '--rounds', '1'], { MAX_CONNECTION_AGE: 'soon' });
    expect((await process.exited).code).toBe(69);
    expect(process.log.text).toMatch(/clusterip: be1-srv-\d did not start: exit code 64; its last lines:/);
    expect(process.log.text).toContain('expected a duration');
  });

  it.each([
    [['run', 'istio'], /no scenario "istio"; there are: clusterip, headless-dns, max-age/],
    [['compare', '--scenarios', 'proxy,nowhere'], /no scenario "nowhere"/],
    [['compare', '--rounds', '0', '--rate', 'fast'], /--rounds: .*\n.*--rate: /],
    [['compare', '--output', main], /--output: cannot write to .*main\.js/],
    [['run'], /missing required argument 'scenario'/],
  ])('refuses %j', async (args, message) => {
    const process = lab(args);
    expect((await process.exited).code).toBe(64);
    expect(process.log.text).toMatch(message);
  });
});

describe.skipIf(chromiumPath === undefined)(`the report${noChromium}`, () => {
  let browser: Browser;
  beforeAll(async () => (browser = await launchChromium()));
  afterAll(() => browser.close());

  it('is a page without faults, also for axe, in the dark and on a phone', async () => {
    const process = lab(['run', 'clusterip', '--rounds', '1']);
    expect((await process.exited).code, process.log.text).toBe(0);
    const url = pathToFileURL(join(output, 'index.html')).href;
    for (const options of [{}, { colorScheme: 'dark' }, { width: 390 }] as const) {
      const { page, faults } = await openPage(browser, url, options);
      expect(await page.locator('svg[role=img]').count()).toBe(12);
      expect(await page.locator('table').textContent()).toContain('> 6 s');
      const labelOf = (chart: string) => page.locator(`${chart} svg`).getAttribute('aria-label');
      expect(await labelOf('#convergence')).toMatch(/clusterip > 6 s/);
      expect(await labelOf('#latency')).toMatch(/clusterip p50 [\d.]+ ms p90 [\d.]+ ms p99 [\d.]+ ms/);
      expect(await labelOf('#clusterip')).toMatch(/3 → 5 pods.*one pod \+200 ms.*killed.*rolling restart/);
      expect(await page.locator('#clusterip').textContent()).toMatch(/When: .*Unlike a real cluster: /);
      expect(await page.locator('#differs li').count()).toBeGreaterThan(3);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(faults).toEqual([]);
      await page.close();
    }
  });
});
