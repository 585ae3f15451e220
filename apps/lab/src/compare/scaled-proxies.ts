import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalService, PodStatus } from '@evenly/local-cluster';
import { counterOf } from '../measure/pod-counter.ts';

/** The service that scenarios with proxies of their own have. */
export const proxyService = 'proxy';

/** What a client has of proxies that are added. */
export interface ScaledProxies {
  /** Calls of each proxy in the seconds after, those first that were there before. */
  before: number[];
  added: number[];
  seconds: number;
}

const seconds = 6;
/** What all of it takes, about. */
export const scaledProxiesMs = (seconds + 3) * 1000;

/**
 * Doubles the proxies, and counts which of them the client's calls go through.
 * @throws as LocalService.scale; Error when a proxy does not answer
 */
export async function scaleProxies(
  proxies: LocalService,
  { step, signal }: { step: (text: string) => void; signal: AbortSignal },
): Promise<ScaledProxies> {
  const { pods: old, replicas } = proxies.status;
  step(`proxies ${replicas} → ${2 * replicas}`);
  await proxies.scale(2 * replicas);
  const { pods } = proxies.status;
  const first = await Promise.all(pods.map(callsOf));
  await sleep(seconds * 1000, undefined, { signal });
  const then = await Promise.all(pods.map(callsOf));
  const calls = pods.map(({ name }, i) => ({
    isOld: old.some((pod) => pod.name === name),
    calls: then[i]! - first[i]!,
  }));
  const of = (isOld: boolean) => calls.filter((one) => one.isOld === isOld).map((one) => one.calls);
  return { before: of(true), added: of(false), seconds };
}

/** @throws Error when the proxy does not say: taken for no calls, it would make the figure */
async function callsOf(pod: PodStatus): Promise<number> {
  const calls = await counterOf(pod, 'evenly_proxy_calls_total');
  if (calls === undefined) throw new Error(`${pod.name} does not answer for its metrics`);
  return calls;
}

/** `2 → 4 proxies, calls of the next 6 s: 181 and 179; of the new ones 0 and 0`. */
export function scaledProxiesText({ before, added, seconds }: ScaledProxies): string {
  const all = before.length + added.length;
  const calls = `calls of the next ${seconds} s: ${before.join(' and ')}`;
  return `${before.length} → ${all} proxies, ${calls}; of the new ones ${added.join(' and ')}`;
}
