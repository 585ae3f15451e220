import { setTimeout as sleep } from 'node:timers/promises';
import { changedAddress } from './endpoints.mjs';
import { cpuMicros, rssBytes, Talker } from './processes.mjs';
import { quantile } from './statistics.mjs';

/** Longer than the server's coalescing window, so that every change leaves at once. */
const defaultPauseMs = 60;
/** Enough where a push goes to many. */
const defaultWarmUp = 10;
/** A push is over when the last client has written its ACK; the server still has to read it. */
const settleMs = 200;

const program = (name) => new URL(`go/bin/${name}`, import.meta.url).pathname;
/** Who the clients are. */
export const loadClients = {
  /** Frames that are written and read by hand: costs little itself, and sends nothing but ACKs. */
  raw: program('load'),
  /** Real clients, which also send window updates, and PINGs for every push. */
  'grpc-go': program('stubs'),
};

/**
 * Connects the clients, then changes one endpoint again and again, each time waiting for the last ACK.
 * @param server from `arms`; it is stopped at the end
 * @param {{ clients: number, loadOptions?: string[], load?: keyof typeof loadClients }} size how many clients, which ones, and
 *   their options
 * @param plan at least `minPushes` are measured, then as many as fit into `budgetMs`, at most `maxPushes`, with
 *   `pauseMs` after each, behind `warmUp` that are not; `onPush` is told how many were done
 */
export async function measure(server, { clients, loadOptions = [], load: loadName = 'raw' }, plan) {
  const { pid } = server.process;
  const { pauseMs = defaultPauseMs, warmUp = defaultWarmUp } = plan;
  let load;
  try {
    await sleep(settleMs);
    const idleBytes = rssBytes(pid);
    load = new Talker('load', loadClients[loadName], [
      '-port',
      String(server.port),
      '-clients',
      String(clients),
      ...loadOptions,
    ]);
    const { connectNs } = await load.event('ready');
    let number = 0;
    while (number < warmUp) await push(server, load, number++, pauseMs);

    const warmBytes = rssBytes(pid);
    const pushes = [];
    const cpuBefore = { server: cpuMicros(pid), load: cpuMicros(load.pid) };
    const start = performance.now();
    const isDone = () =>
      pushes.length >= plan.maxPushes ||
      (pushes.length >= plan.minPushes && performance.now() - start >= plan.budgetMs);
    while (!isDone()) {
      pushes.push(await push(server, load, number++, pauseMs));
      plan.onPush?.(pushes.length, pid);
    }
    await sleep(settleMs);
    const cpu = cpuMicros(pid) - cpuBefore.server;
    const loadCpu = cpuMicros(load.pid) - cpuBefore.load;
    const totalBytes = rssBytes(pid);
    return {
      pushes: pushes.length,
      connectMs: connectNs / 1e6,
      cpuMicros: cpu / clients / pushes.length,
      loadCpuMicros: loadCpu / clients / pushes.length,
      p50Ms: quantile(pushes, 0.5),
      p99Ms: quantile(pushes, 0.99),
      maxMs: Math.max(...pushes),
      rssIdleBytes: idleBytes,
      rssPerStreamWarmBytes: (warmBytes - idleBytes) / clients,
      rssPerStreamBytes: (totalBytes - idleBytes) / clients,
      versions: server.versions,
    };
  } finally {
    await load?.stop();
    await server.stop();
  }
}

/** @returns milliseconds from the change to the last client's ACK */
async function push(server, load, number, pauseMs) {
  const address = changedAddress(number);
  load.say(address);
  await load.event('armed');
  const at = process.hrtime.bigint(); // CLOCK_MONOTONIC, as the load client's times
  await server.change(address);
  const { lastNs } = await load.event('acked');
  await sleep(pauseMs);
  return Number(BigInt(lastNs) - at) / 1e6;
}
