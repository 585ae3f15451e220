import { expect } from 'vitest';
import { eventually } from '../shared/wait.ts';
import type { Calls, ClientPod } from './client-pod.ts';
import type { Pod } from './kubectl.ts';
import type { Scenario } from './scenario.ts';

/** Calls to look at, so that each of five pods has its share. */
const enough = 60;
/** Longer than DNS' 30 s between two look-ups, and the age of a connection. */
const updateMs = 150_000;

const namesOf = (pods: readonly Pod[]) => pods.map(({ name }) => name).sort();
export const whoResponded = ({ byPod }: Calls): string[] => [...byPod.keys()].sort();

/** Waits until all that the client gets answers from are these pods, all of them, and no call fails. */
export async function clientReaches(scenario: Scenario, pods: () => Promise<readonly Pod[]>): Promise<Calls> {
  return eventually(async () => {
    const calls = await scenario.client.next(enough);
    expect(whoResponded(calls)).toEqual(namesOf(await pods()));
    expect(calls.failures).toEqual({});
    return calls;
  }, updateMs);
}

/** The same for all pods of a service that are not being ended. */
export const clientReachesAll = (scenario: Scenario, service: string): Promise<Calls> =>
  clientReaches(scenario, () => scenario.podsOf(service));

/**
 * The same for a client that asks DNS at its start only: one that asked before all pods were in it would stay with those
 * that were, and is started again.
 */
export async function newClientReachesAll(scenario: Scenario, service: string): Promise<void> {
  await eventually(async () => {
    const calls = await scenario.client.next(enough);
    const missing = namesOf(await scenario.podsOf(service)).filter((pod) => !calls.byPod.has(pod));
    if (missing.length === 0) return;
    await scenario.restart('echo-client');
    await scenario.reconnect();
    throw new Error(`no calls of ${missing.join(', ')}`);
  }, updateMs);
}

/** Waits until one pod of the service, any, has all calls. @returns its name */
export async function clientIsPinned(scenario: Scenario, service: string): Promise<string> {
  return eventually(async () => {
    const calls = await scenario.client.next(enough);
    expect(calls.failures).toEqual({});
    const [pod, ...others] = whoResponded(calls);
    expect(others).toEqual([]);
    expect(namesOf(await scenario.podsOf(service))).toContain(pod);
    return pod!;
  }, updateMs);
}

/** Restarts the service's pods, one after the other. @returns the calls meanwhile, until the last old pod is gone */
export async function callsDuringRestart(scenario: Scenario, service: string): Promise<Calls> {
  return scenario.client.during(async () => {
    await scenario.restart(service);
    await eventually(async () => expect(await scenario.isEnding(service)).toBe(false), updateMs);
  });
}

/**
 * Two restarts one right after the other, in each of which all new pods are ready before all old ones end at once: there
 * is always somebody to call for those who know. @returns the calls until all new pods are reached
 */
export async function callsDuringFastRestarts(scenario: Scenario, service: string): Promise<Calls> {
  const { kubectl } = scenario;
  const patch = [
    { op: 'replace', path: '/spec/strategy/rollingUpdate/maxSurge', value: '100%' },
    { op: 'replace', path: '/spec/template/spec/containers/0/lifecycle/preStop/sleep/seconds', value: 1 },
  ];
  return scenario.client.during(async () => {
    await kubectl.run('patch', 'deployment', service, '--type=json', `--patch=${JSON.stringify(patch)}`);
    await kubectl.rolledOut(service);
    await scenario.restart(service);
    await scenario.restart(service);
    await clientReachesAll(scenario, service);
  });
}

/** Waits until so large a share of a client's calls is answered by pods whose names begin so. */
export async function shareBecomes(
  client: ClientPod,
  prefix: string,
  share: number,
  tolerance: number,
): Promise<void> {
  await eventually(async () => {
    const calls = await client.next(300);
    const matching = [...calls.byPod].filter(([pod]) => pod.startsWith(prefix));
    const seen = matching.reduce((sum, [, count]) => sum + count, 0) / calls.answered;
    expect(Math.abs(seen - share), `share of ${prefix}: ${seen}`).toBeLessThanOrEqual(tolerance);
  }, updateMs);
}
