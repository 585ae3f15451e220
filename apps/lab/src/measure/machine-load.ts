import os from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** How busy the machine was with other things. */
export interface MachineLoad {
  /** Share of all CPUs that was at work before the run began, 0 to 1; null where the system does not count it. */
  busyBefore: number | null;
  /** How late the lab's own timers were, at worst of 99 in 100, in milliseconds: who waits for CPU here measures the machine. */
  lateMs: number;
}

const lookMs = 2000;
const resolutionMs = 10;
/** More than this of the CPU for others, and they may have what the scenarios want. */
const maxBusy = 0.2;
/** Delays above this are seen in what new pods and calls take. */
const maxLateMs = 60;

/** Looks at the CPUs for two seconds in which nothing of ours runs. */
export async function busyShare(signal: AbortSignal): Promise<number | null> {
  const before = times();
  await sleep(lookMs, undefined, { signal }).catch(() => undefined); // interrupted: of the time until then
  const after = times();
  return shareOf(after.idle - before.idle, after.all - before.all);
}

/** @returns null where nothing was counted */
export function shareOf(idle: number, all: number): number | null {
  return all > 0 ? Math.min(1, Math.max(0, 1 - idle / all)) : null;
}

/** @returns ends the watch: how late timers were since, in milliseconds */
export function watchLateness(): () => number {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return () => {
    delays.disable();
    return Math.max(0, Math.round(delays.percentile(99) / 1e6 - resolutionMs));
  };
}

/** Why figures measured then cannot be trusted; empty when nothing speaks against them. */
export function doubtsOf({ busyBefore, lateMs }: MachineLoad): string[] {
  const doubts: string[] = [];
  if (busyBefore !== null && busyBefore > maxBusy) {
    const percent = Math.round(busyBefore * 100);
    doubts.push(`before the run began, ${percent} % of the machine's CPU were at work for something else`);
  }
  if (lateMs > maxLateMs) {
    doubts.push(
      `the lab had to wait up to ${lateMs} ms for CPU while it measured, and so had what it measured`,
    );
  }
  return doubts;
}

function times(): { idle: number; all: number } {
  const sums = os.cpus().map(({ times: { user, nice, sys, idle, irq } }) => ({
    idle,
    all: user + nice + sys + idle + irq,
  }));
  return {
    idle: sums.reduce((sum, one) => sum + one.idle, 0),
    all: sums.reduce((sum, one) => sum + one.all, 0),
  };
}
