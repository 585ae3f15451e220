import { describe, expect, it } from 'vitest';
import { oneService } from './testing/harness.ts';
import { Ledger, LedgerBackend } from './testing/ledger.ts';
import { startProxyProcess, type ProxyProcess } from './testing/proxy-process.ts';
import { SteadyLoad } from './testing/steady-load.ts';

/*
 * The proxy and the backends are processes of their own, the proxy with its default config; the backends are restarted one
 * after the other under load. `npm run restarts` is the large form: RESTARTS, RELOADS of the config and RATE (calls per second).
 */
const restarts = Number(process.env['RESTARTS'] ?? 3);
const reloads = Number(process.env['RELOADS'] ?? 5);
const rate = Number(process.env['RATE'] ?? 100);

interface Running {
  backends: LedgerBackend[];
  load: SteadyLoad;
  proxy: ProxyProcess;
}

async function scenario(name: string, port: number, disturb: (running: Running) => Promise<void>) {
  await using ledger = await Ledger.create();
  const backends = ['127.0.0.1', '127.0.0.2'].map((host) => new LedgerBackend(`${host}:${port}`, ledger));
  await Promise.all(backends.map((backend) => backend.start()));
  await using proxy = await startProxyProcess(oneService(backends.map(({ address }) => address)));
  const load = new SteadyLoad(proxy.address, rate);
  await expect.poll(() => load.done).toBeGreaterThan(rate / 4);
  await disturb({ backends, load, proxy });
  const before = load.done;
  await expect.poll(() => load.done).toBeGreaterThan(before + rate / 4);
  await load.stop();
  await Promise.all(backends.map((backend) => backend.stop()));
  const runs = await ledger.runs();
  const ranTwice = [...runs].filter(([, times]) => times > 1).map(([id]) => id);
  const [p50, p99] = [50, 99].map((percent) => `p${percent} ${load.percentileMs(percent).toFixed(1)} ms`);
  console.log(
    `${name}: ${load.done} calls, ${load.failed.length} failed, ${ranTwice.length} ran twice, ${p50}, ${p99}`,
  );
  return { load, runs, ranTwice };
}

/** Each differs from the one before, so each is a change: to the routes, and every other time to the balancing. */
async function reload(number: number, { backends, proxy }: Running): Promise<void> {
  const policy = number % 2 === 0 ? 'round-robin' : 'least-request';
  const config = oneService(
    backends.map(({ address }) => address),
    `    policy: { loadBalancing: ${policy} }`,
  );
  const before = proxy.applied;
  await proxy.write(config.replace('name: all', `name: all-${number}`));
  await expect.poll(() => proxy.applied, { timeout: 20_000 }).toBeGreaterThan(before);
}

describe('backends restart under load', { timeout: 300_000 }, () => {
  it('in order, while the config is reloaded again and again: no call fails, none runs twice', async () => {
    const name = `${restarts} restarts, ${reloads} reloads`;
    const { load, runs, ranTwice } = await scenario(name, 41_051, async (running) => {
      const restarting = async () => {
        for (let count = 0; count < restarts; count++) await running.backends[count % 2]!.restart('SIGTERM');
      };
      const reloading = async () => {
        for (let count = 0; count < reloads; count++) await reload(count, running);
      };
      await Promise.all([restarting(), reloading()]);
    });
    expect(load.failed.slice(0, 5)).toEqual([]);
    expect(ranTwice).toEqual([]);
    expect(runs.size).toBe(load.done); // the ledger has seen them all
  });

  it('killed: only calls in flight on the dead one fail, none runs twice', async () => {
    const { load, ranTwice } = await scenario(`${restarts} killed`, 41_052, async (running) => {
      const { backends, load, proxy } = running;
      for (let count = 0; count < restarts; count++) {
        const backend = backends[count % 2]!;
        const failedBefore = load.failed.length;
        await backend.stop('SIGKILL');
        const state = async () =>
          (await proxy.status()).services[0]!.endpoints.find(({ address }) => address === backend.address)!
            .state;
        await expect.poll(state).toBe('unreachable');
        const startedBefore = load.started;
        await backend.start();
        await expect.poll(state).toBe('ready');
        // Once the proxy has seen the loss, no call fails any more.
        for (const { number, code, details } of load.failed.slice(failedBefore)) {
          expect({ code, details }).toEqual({
            code: 'UNAVAILABLE',
            details: expect.stringContaining(`connection to ${backend.address} lost`) as string,
          });
          expect(number).toBeLessThan(startedBefore);
        }
      }
    });
    expect(ranTwice).toEqual([]);
    expect(load.done - load.failed.length).toBeGreaterThan(0);
  });
});
