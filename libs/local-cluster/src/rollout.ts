import type { PodState } from './pod.ts';

/** What the plan needs to know of a pod. Pods are given in the order of their numbers. */
export interface PlannedPod {
  generation: number;
  state: PodState;
}

export interface Desired {
  replicas: number;
  /** Pods of an older generation are to be replaced. */
  generation: number;
}

/** Starting more processes than this at once only makes each of them slower on a small machine. */
export const maxStarting = 4;

/**
 * What to do next for a service, from what is desired and what is there. Called again after each change, so it plans
 * one step only.
 *
 * A rolling restart follows Kubernetes' maxSurge 1, maxUnavailable 0: one pod more than desired is started, and an old
 * one is stopped only while more pods run than are desired.
 */
export function plan<P extends PlannedPod>(
  desired: Desired,
  pods: readonly P[],
): { start: number; stop: P[] } {
  const live = pods.filter((pod) => pod.state === 'starting' || pod.state === 'running');
  const current = live.filter((pod) => pod.generation === desired.generation);
  const old = live.filter((pod) => pod.generation !== desired.generation);

  // Of the current ones the newest go first, and before them those that serve nobody yet.
  const byWorth = [...where(current, 'running'), ...where(current, 'starting')];
  const stop = [...byWorth.slice(desired.replicas), ...where(old, 'starting')];

  let running = where(live, 'running').filter((pod) => !stop.includes(pod)).length;
  for (const pod of where(old, 'running')) {
    if (running <= desired.replicas) break;
    stop.push(pod);
    running--;
  }

  const surge = old.length > 0 ? 1 : 0;
  const start = Math.min(
    desired.replicas - current.length,
    desired.replicas + surge - live.length,
    maxStarting - where(live, 'starting').length,
  );
  return { start: Math.max(0, start), stop };
}

/** True when exactly the desired pods are there and running. */
export function isSettled(desired: Desired, pods: readonly PlannedPod[]): boolean {
  const all = pods.every((pod) => pod.state === 'running' && pod.generation === desired.generation);
  return all && pods.length === desired.replicas;
}

const where = <P extends PlannedPod>(pods: readonly P[], state: PodState) =>
  pods.filter((pod) => pod.state === state);
