import { describe, expect, it } from 'vitest';
import { oneService, startProxy, type RunningProxy } from './testing/harness.ts';
import { Ledger, LedgerBackend } from './testing/ledger.ts';
import { SteadyLoad } from './testing/steady-load.ts';

/*
 * Backends are processes of their own, restarted one after the other under load; the default config. `npm run restarts` is the
 * large form: RESTARTS, RELOADS of the config and RATE (calls per second).
 */
const restarts = Number(process.env['RESTARTS'] ?? 3);
const reloads = Number(process.env['RELOADS'] ?? 5);
const rate = Number(process.env['RATE'] ?? 100);

interface Running {
  backends: LedgerBackend[];
  load: SteadyLoad;
  proxy: RunningProxy;
}

async function scenario(port: number, disturb: (running: Running) => Promise<void>) {
  const ledger = new Ledger();
  const backends = ['127.0.0.1', '127.0.0.2'].map((host) => new LedgerBackend(`${host}:${port}`, ledger));
  await Promise.all(backends.map((backend) => backend.start()));
  await using proxy = await startProxy(oneService(backends.map(({ address }) => address)));
  const load = new SteadyLoad(proxy.address, rate);
  await expect.poll(() => load.done).toBeGreaterThan(rate / 4);
  await disturb({ backends, load, proxy });
  const before = load.done;
  await expect.poll(() => load.done).toBeGreaterThan(before + rate / 4);
  await load.stop();
  await Promise.all(backends.map((backend) => backend.stop()));
  const sorted = load.latenciesMs.sort((a, b) => a - b);
  console.log(
    `${load.done} calls, ${load.failed.length} failed, p99 ${sorted[Math.floor(sorted.length * 0.99)]!.toFixed(0)} ms`,
  );
  return { load, ledger, proxy };
}

/** Each differs from the one before, so each is a change: to the routes, and every other time to the balancing. */
async function reload(number: number, { backends, proxy }: Running): Promise<void> {
  const policy = number % 2 === 0 ? 'round-robin' : 'least-request';
  const config = oneService(
    backends.map(({ address }) => address),
    `    policy: { loadBalancing: ${policy} }`,
  );
  const applied = () => proxy.log.filter(({ message }) => message === 'config applied').length;
  const before = applied();
  await proxy.write(config.replace('name: all', `name: all-${number}`));
  await expect.poll(applied, { timeout: 20_000 }).toBeGreaterThan(before);
}

describe('backends restart under load', { timeout: 300_000 }, () => {
  it('in order, while the config is reloaded again and again: no call fails, none runs twice', async () => {
    const { load, ledger } = await scenario(41_051, async (running) => {
      const restarting = async () => {
        for (let count = 0; count < restarts; count++) await running.backends[count % 2]!.restart('SIGTERM');
      };
      const reloading = async () => {
        for (let count = 0; count < reloads; count++) await reload(count, running);
      };
      await Promise.all([restarting(), reloading()]);
    });
    expect(load.failed.slice(0, 5)).toEqual([]);
    expect(ledger.ranTwice).toEqual([]);
  });

  it('killed: only calls in flight on the dead one fail, none runs twice', async () => {
    const { load, ledger } = await scenario(41_052, async ({ backends, load, proxy }) => {
      for (let count = 0; count < restarts; count++) {
        const backend = backends[count % 2]!;
        const failedBefore = load.failed.length;
        await backend.stop('SIGKILL');
        const stateOf = () =>
          proxy.status().services[0]!.endpoints.find(({ address }) => address === backend.address)!.state;
        await expect.poll(stateOf).toBe('unreachable');
        const startedBefore = load.started;
        await backend.start();
        await expect.poll(stateOf).toBe('ready');
        // Once the proxy has seen the loss, no call fails any more.
        for (const { number, outcome } of load.failed.slice(failedBefore)) {
          expect(outcome).toMatchObject({ code: 'UNAVAILABLE' });
          expect(outcome.details).toContain(`connection to ${backend.address} lost`);
          expect(number).toBeLessThan(startedBefore);
        }
      }
    });
    expect(ledger.ranTwice).toEqual([]);
    expect(load.done - load.failed.length).toBeGreaterThan(0);
  });
});
