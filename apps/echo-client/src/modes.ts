import { status } from '@grpc/grpc-js';
import type { CallResult } from './caller.ts';
import type { EchoClientConfig } from './config.ts';

/** What a mode does its calls with. */
export interface Work {
  /** True if one more call may be made; it is then counted as made. False from then on: the mode ends. */
  take(): boolean;
  call(dueMs?: number): Promise<CallResult>;
  /** A call that was due and not made: too many were in flight. */
  skip(): void;
  inFlight(): number;
  /** Resolves after this time, sooner when the work ends. */
  sleep(ms: number): Promise<void>;
  random(): number;
}

export type ModeConfig = Pick<
  EchoClientConfig,
  'mode' | 'interval' | 'concurrency' | 'pause' | 'failurePause' | 'rate' | 'maxInFlight'
>;

/** The rate mode looks at the clock this often, and makes the calls that have become due. */
const tickMs = 5;

/** Makes calls until `take` says no, then waits for those in flight. */
export function runMode(config: ModeConfig, work: Work): Promise<void> {
  switch (config.mode) {
    case 'batch':
      return batches(config.concurrency ?? 10, config.failurePause, work);
    case 'interval':
      return everyInterval(config.interval, work);
    case 'threads':
      return threads(config.concurrency ?? 4, config.pause, work);
    case 'rate':
      return openLoop(config.rate, config.maxInFlight, work);
  }
}

async function batches(size: number, failurePauseMs: number, work: Work): Promise<void> {
  for (;;) {
    const calls: Promise<CallResult>[] = [];
    while (calls.length < size && work.take()) calls.push(work.call());
    if (calls.length === 0) return;
    const results = await Promise.all(calls);
    // Nobody to call: without a pause this would be a busy loop.
    if (results.every(({ code }) => code !== status.OK)) await work.sleep(failurePauseMs);
  }
}

/** One call at a time: one that takes longer than the interval holds up the next, and what was missed is left out. */
async function everyInterval(intervalMs: number, work: Work): Promise<void> {
  let dueMs = performance.now();
  while (work.take()) {
    await work.call();
    dueMs = Math.max(dueMs + intervalMs, performance.now());
    await work.sleep(dueMs - performance.now());
  }
}

async function threads(count: number, longestPauseMs: number, work: Work): Promise<void> {
  const thread = async () => {
    while (work.take()) {
      const { code } = await work.call();
      // A thread without pauses would spin when there is nobody to call.
      await work.sleep(Math.max(work.random() * longestPauseMs, code === status.OK ? 0 : tickMs));
    }
  };
  await Promise.all(Array.from({ length: count }, thread));
}

/** Open loop: a call is due when it is due, however slow the answers are, and its latency counts from then. */
async function openLoop(perSecond: number, maxInFlight: number, work: Work): Promise<void> {
  const calls = new Set<Promise<void>>();
  const beginMs = performance.now();
  for (let made = 0; ; await work.sleep(tickMs)) {
    const due = Math.floor(((performance.now() - beginMs) * perSecond) / 1000) + 1;
    for (; made < due; made++) {
      if (!work.take()) return void (await Promise.all(calls));
      if (work.inFlight() >= maxInFlight) {
        work.skip();
        continue;
      }
      const call = work.call(beginMs + (made * 1000) / perSecond).then(() => void calls.delete(call));
      calls.add(call);
    }
  }
}
