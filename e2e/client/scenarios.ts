import { setTimeout as wait } from 'node:timers/promises';
import { maxMinRatio } from '@evenly/balancing';
import { expect } from 'vitest';
import { countsByPod, failed, longestOutageMs, nowMs, percentileMs, type Caller } from './caller.ts';
import type { Scene, SchemeName } from './scene.ts';

/** What a scenario showed, for the table. */
export type Row = Record<string, string | number>;

const answering = (caller: Caller, fromMs: number) => [...countsByPod(caller.between(fromMs)).keys()].sort();

/** Until exactly these pods answer, in the last half second. */
export async function untilResponding(
  caller: Caller,
  pods: readonly string[],
  timeout = 20_000,
): Promise<void> {
  const recently = () => answering(caller, nowMs() - 500);
  await expect.poll(recently, { timeout, interval: 50 }).toEqual([...pods].sort());
}

/** How long after its readiness each of these pods answered its first call. */
function timesOfFirstCalls(scene: Scene, caller: Caller, pods: readonly string[]): number[] {
  return pods.map((pod) => {
    const first = caller.calls.find((call) => call.pod === pod);
    return first === undefined ? Infinity : Math.round(first.endedMs - scene.readyAtMs(pod));
  });
}

/** 3 → 5 → 2 pods. */
export async function scaling(
  scene: Scene,
  scheme: SchemeName,
  measureMs: number,
): Promise<{ row: Row; firstCallsMs: number[] }> {
  await scene.scale(3);
  const caller = scene.call(scheme);
  const old = scene.pods;
  await untilResponding(caller, old);
  const beganMs = nowMs();
  await scene.scale(5);
  const added = scene.pods.filter((pod) => !old.includes(pod));
  if (scheme === 'dns') await wait(measureMs);
  else await untilResponding(caller, scene.pods);
  const evenFromMs = nowMs();
  await wait(measureMs);
  const shares = countsByPod(caller.between(evenFromMs, nowMs() - 200));
  await scene.scale(2);
  await untilResponding(
    caller,
    scheme === 'dns' ? scene.pods.filter((pod) => old.includes(pod)) : scene.pods,
  );
  const calls = caller.between(beganMs);
  await caller.stop();
  const firstCallsMs = timesOfFirstCalls(scene, caller, added);
  const row = {
    'new pods’ first call, ms': firstCallsMs.join(', '),
    'max/min': Number(maxMinRatio(scene.pods.length > 0 ? [...shares.values()] : []).toFixed(3)),
    'pods with calls': shares.size,
    calls: calls.length,
    failed: failed(calls).length,
  };
  return { row, firstCallsMs };
}

/** All pods replaced inside 5 s. */
export async function rollingRestart(
  scene: Scene,
  scheme: SchemeName,
  recoveryMs: number,
): Promise<{ row: Row; outageMs: number }> {
  await scene.scale(3);
  const caller = scene.call(scheme);
  await untilResponding(caller, scene.pods);
  const beganMs = nowMs();
  const tookMs = await scene.restart();
  const wanted = scene.pods;
  await wait(2000); // the last pods that were replaced end
  const recovered = await untilResponding(caller, wanted, recoveryMs).then(
    () => nowMs(),
    () => undefined,
  );
  const calls = caller.between(beganMs);
  await caller.stop();
  const outageMs = Math.round(longestOutageMs(calls));
  const row = {
    'restart took, ms': Math.round(tookMs),
    calls: calls.length,
    failed: failed(calls).length,
    'longest time without an answer, ms': outageMs,
    recovered: recovered === undefined ? 'no' : `after ${Math.round(recovered - beganMs)} ms`,
  };
  return { row, outageMs };
}

/** One pod of `replicas` behaves badly from some moment on. @returns what the client sees from two seconds later on */
export async function oneBadPod(
  scene: Scene,
  scheme: SchemeName,
  behaviour: { delay?: string; failRatio?: number; hang?: boolean },
  options: {
    serviceConfig?: object;
    replicas?: number;
    measureMs: number;
    settleMs?: number;
    deadlineMs?: number;
  },
): Promise<Row & { share: number; failedShare: number; p99: number }> {
  const { serviceConfig, replicas = 3, measureMs, settleMs = 2000, deadlineMs = 500 } = options;
  await scene.scale(replicas);
  const caller = scene.call(scheme, { deadlineMs, ...(serviceConfig && { serviceConfig }) });
  await untilResponding(caller, scene.pods).catch(() => undefined); // peak EWMA may leave one out that is as good
  const bad = scene.pods[0]!;
  await scene.behave(bad, behaviour);
  await wait(settleMs);
  const fromMs = nowMs();
  await wait(measureMs);
  const calls = caller.between(fromMs, nowMs() - deadlineMs - 200);
  await scene.behave(bad, { delay: '0s', failRatio: 0, hang: false });
  await caller.stop();
  const ofBad = countsByPod(calls).get(bad) ?? 0;
  return {
    calls: calls.length,
    share: Number((ofBad / calls.length).toFixed(4)),
    failedShare: Number((failed(calls).length / calls.length).toFixed(4)),
    p99: Math.round(percentileMs(calls, 0.99)),
  };
}
