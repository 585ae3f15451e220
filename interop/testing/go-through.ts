import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { scenario, type Step } from '../scenario.ts';
import { bootstrapEnv } from './bootstrap.ts';
import { CallingClient } from './calling-client.ts';
import { clients, prepareTimeoutMs, whyNot, type ClientName } from './clients.ts';
import { ControlPlane } from './control-plane.ts';
import { freePort } from './free-port.ts';
import { canaryCall, lateCall, meshConfig, plainCall, podsIn } from './mesh.ts';
import { evennessFaults, shareFaults, type Shares } from './shares.ts';

/** Calls of each kind in a sample that tells whether a change has arrived, and in the one after it that counts. */
const settlingCalls = 100;
const sampleCalls = 500;
const settleTimeoutMs = 60_000;

/** How one kind of client takes part. */
export interface Participant {
  /** Which programs it takes. */
  needs: readonly ClientName[];
  /** Starts it against the control plane. */
  start: (controlPlane: ControlPlane, listenPort: number) => Promise<RunningParticipant>;
  /** A failure that is the client's own and that no control plane can spare it: at most one of each kind of call. */
  ownFailure?: RegExp;
}

export interface RunningParticipant {
  caller: CallingClient;
  /** What it says itself of what it was told, where it can; throws when that is not the step's mesh. */
  checkView?: (step: Step) => Promise<void>;
  stop: () => Promise<void>;
}

/** A participant that is a program which balances by itself, told how by xDS. */
export function proxyless(name: ClientName): Participant {
  const start: Participant['start'] = async ({ port }) => {
    const env = bootstrapEnv(`interop-${name}`, port);
    const caller = new CallingClient(clients[name].command, [plainCall, canaryCall, lateCall], env);
    return { caller, stop: () => caller.stop() };
  };
  return { needs: [name], start };
}

/** Leads one client through the whole scenario, against an xds-server of its own. */
export function goThroughScenario(name: string, participant: Participant): void {
  const reason = participant.needs.map(whyNot).find((why) => why !== undefined);
  describe.skipIf(reason !== undefined)(reason ?? name, () => {
    const pods = inject('pods');
    let listenPort: number;
    let controlPlane: ControlPlane;
    let client: RunningParticipant;
    beforeAll(async () => {
      for (const need of participant.needs) await clients[need].prepare();
    }, prepareTimeoutMs);
    beforeAll(async () => {
      listenPort = await freePort();
      controlPlane = await ControlPlane.start(meshConfig(scenario[0]!.mesh, pods, listenPort));
      client = await participant.start(controlPlane, listenPort);
    });
    afterAll(async () => {
      await client?.stop();
      await controlPlane?.close();
    });

    it.each(scenario)('$name', async (step) => {
      const { caller, checkView } = client;
      const config = meshConfig(step.mesh, pods, listenPort);
      if (step.by === 'bad-config') await sayNonsense();
      else if (step.by === 'restart') await restart(config);
      else await controlPlane.write(config);

      await expect.poll(() => faults(caller, step, settlingCalls), { timeout: settleTimeoutMs }).toEqual([]);
      expect(await faults(caller, step, sampleCalls)).toEqual([]);

      for (const call of [plainCall, canaryCall]) {
        const isOwn = (failure: string) => participant.ownFailure?.test(failure) ?? false;
        expect(caller.failures(call).filter((failure) => !isOwn(failure))).toEqual([]);
        expect(caller.failures(call).filter(isOwn).length).toBeLessThanOrEqual(1);
      }
      if (step.lateShares === undefined)
        expect(caller.outcomes(lateCall).filter((outcome) => 'from' in outcome)).toEqual([]);
      expect(await controlPlane.metric('evenly_xds_nacks_total'), controlPlane.log).toBe(0);
      await checkView?.(step);
    });

    /** What is wrong with who answers this client's calls, in a new sample of so many of each. */
    async function faults(caller: CallingClient, step: Step, count: number): Promise<string[]> {
      const expected = expectations(step);
      const podsOf = (service: string) => podsIn(step.mesh, service, pods).map((pod) => pod.name);
      const sample = await caller.sample(
        expected.flatMap(({ calls }) => calls),
        count,
      );
      const services = new Set(expected.flatMap(({ shares }) => Object.keys(shares)));
      return [
        ...expected.flatMap(({ calls, shares }) =>
          shareFaults(
            calls.flatMap((call) => sample.get(call)!),
            shares,
            podsOf,
          ),
        ),
        ...[...services].flatMap((service) => evennessFaults([...sample.values()].flat(), podsOf(service))),
      ];
    }

    async function sayNonsense(): Promise<void> {
      const before = await controlPlane.metric('evenly_config_errors_total');
      await controlPlane.write(
        'services: { be1-srv: { source: { static: { endpoints: [not-an-endpoint] } } } }',
      );
      await expect.poll(() => controlPlane.metric('evenly_config_errors_total')).toBeGreaterThan(before);
    }

    /** The client is on its own for a while, and must not notice. */
    async function restart(config: string): Promise<void> {
      await controlPlane.stop();
      await controlPlane.write(config);
      await client.caller.sample([plainCall, canaryCall], settlingCalls);
      await controlPlane.start();
    }
  });
}

/** Kinds of calls whose answers should be shared alike, and how. */
function expectations({ shares, canaryShares, lateShares }: Step): { calls: string[]; shares: Shares }[] {
  const existing =
    canaryShares === undefined
      ? [{ calls: [plainCall, canaryCall], shares }]
      : [
          { calls: [plainCall], shares },
          { calls: [canaryCall], shares: canaryShares },
        ];
  return lateShares === undefined ? existing : [...existing, { calls: [lateCall], shares: lateShares }];
}
