import { expect, it } from 'vitest';
import { callFrontend } from '../shared/frontend-client.ts';
import { eventually, Load } from '../shared/wait.ts';
import type { Pod } from './kubectl.ts';
import type { FrontendPod, Scenario } from './scenario.ts';

/** How long an update may take to come through: a look-up of DNS, on a machine that has a lot to do. */
const updateMs = 60_000;
/** Calls without end, few at a time: the machine has to start pods beside it. */
const loadClients = 2;

/** Which pods of a service a frontend shall call, of those that are there. */
export type Reach = (frontend: FrontendPod, pods: readonly Pod[]) => readonly Pod[];

/** The pods of the frontend's own zone; all where it has none, or its zone has no pods. */
export const ownZoneFirst: Reach = ({ zone }, pods) => {
  const near = pods.filter((pod) => pod.zone === zone);
  return zone === undefined || near.length === 0 ? pods : near;
};

/** Waits until the calls of each frontend reach exactly the pods that it shall reach. */
export const allRespond = (scenario: Scenario, service: string, reach: Reach) =>
  whoResponds(scenario, service, reach, (byPod) => new Set(byPod.keys()));

/** The same, and each pod answers as often as the others. Not while other calls run: they take their turns too. */
export const allRespondEvenly = (scenario: Scenario, service: string, reach: Reach) =>
  whoResponds(scenario, service, reach, (byPod) => byPod);

async function whoResponds(
  scenario: Scenario,
  service: string,
  reach: Reach,
  look: (byPod: Map<string, number>) => unknown,
): Promise<void> {
  await eventually(async () => {
    const pods = await scenario.podsOf(service);
    for (const frontend of scenario.frontends) {
      const expected = reach(frontend, pods).map(({ name }): [string, number] => [name, 10]);
      const { status, text, byPod } = await callFrontend(frontend.forward.url, service, 10 * expected.length);
      expect(status, text).toBe(200);
      expect(look(byPod)).toEqual(look(new Map(expected)));
    }
  }, updateMs);
}

/** Runs calls while something happens. @returns the pods that answered; none of the calls failed */
export async function underLoad(
  scenario: Scenario,
  service: string,
  during: () => Promise<void>,
): Promise<Set<string>> {
  const load = new Load(scenario, service, loadClients);
  try {
    await during();
  } finally {
    const failed = await load.stop();
    expect(failed).toEqual([]);
    expect(load.answers.length).toBeGreaterThan(0);
  }
  return new Set(load.answers.flatMap(({ byPod }) => [...byPod.keys()]));
}

/** Waits until the pods that were told to end have ended: until then they are what calls could still go to. */
const allEnded = (scenario: Scenario, service: string) =>
  eventually(async () => expect(await scenario.isEnding(service)).toBe(false), updateMs);

/** What every scenario with an xds-server does. */
export function mainJobTests(scenario: () => Scenario, reach: Reach): void {
  const services = ['be1-srv', 'be2-srv'];

  it.each(services)('15 messages of %s, from all its pods alike', async (service) => {
    await allRespondEvenly(scenario(), service, reach);
    for (const frontend of scenario().frontends) {
      const { status, messages, byPod } = await callFrontend(frontend.forward.url, service);
      expect(status).toBe(200);
      expect(messages).toHaveLength(15);
      const counts = [...byPod.values()];
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it('an unknown service is answered as such', async () => {
    const { status, text } = await scenario().call('be3-srv');
    expect(status).toBe(404);
    expect(text).toContain('unknown service be3-srv');
  });

  it('the namespace is held to restricted Pod Security: ours pass, a privileged pod is refused', async () => {
    const { kubectl } = scenario();
    const level = 'pod-security.kubernetes.io/enforce=restricted';
    const label = ['label', 'namespace', kubectl.namespace, level, '--overwrite'];
    const { stdout, stderr } = await kubectl.run(...label, '--dry-run=server');
    expect(stdout).toContain('not labeled'); // it is already
    expect(stderr).toBe('');
    const privileged = kubectl.run('run', 'intruder', '--image=evenly/frontend:dev', '--privileged');
    await expect(privileged).rejects.toThrow('violates PodSecurity "restricted');
  });

  it('2 to 10: all ten answer, evenly, and nothing was restarted', async () => {
    const before = await scenario().others();
    await scenario().scale('be1-srv', 10);
    await allRespondEvenly(scenario(), 'be1-srv', reach);
    expect(await scenario().podsOf('be1-srv')).toHaveLength(10);
    expect(await scenario().others()).toEqual(before);
    await allRespond(scenario(), 'be2-srv', reach);
  });

  it('10 to 3, with calls running: no call fails, and only the three answer', async () => {
    await underLoad(scenario(), 'be1-srv', async () => {
      await scenario().scale('be1-srv', 3);
      await allRespond(scenario(), 'be1-srv', reach);
      await allEnded(scenario(), 'be1-srv');
    });
    expect(await scenario().podsOf('be1-srv')).toHaveLength(3);
  });

  it('a rolling restart, with calls running: no call fails, and the new pods answer', async () => {
    const before = await scenario().podsOf('be1-srv');
    const seen = await underLoad(scenario(), 'be1-srv', async () => {
      await scenario().restart('be1-srv');
      await allRespond(scenario(), 'be1-srv', reach);
      await allEnded(scenario(), 'be1-srv');
    });
    const after = await scenario().podsOf('be1-srv');
    expect(after).toHaveLength(3);
    for (const { name } of [...before, ...after]) expect(seen).toContain(name);
    for (const { name } of before) expect(after.map((pod) => pod.name)).not.toContain(name);
  });

  it('all xds-servers are lost at once, with calls running: no call fails, and later changes come through', async () => {
    const { kubectl } = scenario();
    const xdsServers = '--selector=app.kubernetes.io/name=xds-server';
    await underLoad(scenario(), 'be1-srv', async () => {
      await kubectl.run('delete', 'pods', xdsServers, '--grace-period=0', '--force');
      await kubectl.rolledOut('xds-server');
      await scenario().scale('be1-srv', 2);
      await allRespond(scenario(), 'be1-srv', reach);
    });
  });
}
