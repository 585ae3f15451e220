import { status, type experimental } from '@grpc/grpc-js';
import { createBalancer, defaultOutcomes, type BalancingPolicy } from '@evenly/balancing';
import { describe, expect, it } from 'vitest';
import type { EndpointConnection } from './endpoint-connection.ts';
import { BalancerPicker } from './picker.ts';
import { PickResultType } from './versions.ts';

const complete = {
  pickResultType: PickResultType.COMPLETE,
  subchannel: null,
  status: null,
  onCallStarted: null,
  onCallEnded: null,
};

function pickerOf(policy: BalancingPolicy, count: number) {
  const balancer = createBalancer<EndpointConnection>({ policy, random: Math.random });
  const target = { pick: () => complete } as unknown as EndpointConnection;
  balancer.update(
    Array.from({ length: count }, (_, index) => ({ key: `${index}`, target })),
    0,
  );
  const picker = new BalancerPicker(balancer, defaultOutcomes, false);
  return {
    pick: () => picker.pick({} as experimental.PickArgs),
    active: () => balancer.hosts.map(({ stats }) => stats.active),
    samples: () => balancer.hosts.map(({ stats }) => stats.samples),
  };
}

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

describe.each([{ name: 'least-request' }, { name: 'peak-ewma' }] as const)('$name', (policy) => {
  it('counts calls from their pick, so that many at once are shared evenly', () => {
    // Of two hosts both are compared each time, so nothing is left to chance.
    const { pick, active } = pickerOf(policy, 2);
    for (let calls = 0; calls < 100; calls++) pick();
    expect(active()).toEqual([50, 50]);
  });

  it('counts each call once, from pick to end', async () => {
    const { pick, active, samples } = pickerOf(policy, 1);
    const calls = [pick(), pick()];
    for (const call of calls) call.onCallStarted!();
    await endOfTurn();
    expect(active()).toEqual([2]);
    for (const call of calls) call.onCallEnded!(status.OK, '', null!);
    expect(active()).toEqual([0]);
    expect(samples()).toEqual([policy.name === 'peak-ewma' ? 2 : 0]);
  });

  it('forgets what is picked and not started, and counts what is started later', async () => {
    const { pick, active, samples } = pickerOf(policy, 1);
    pick();
    const late = pick();
    expect(active()).toEqual([2]);
    await endOfTurn();
    expect(active()).toEqual([0]);
    late.onCallStarted!();
    expect(active()).toEqual([1]);
    late.onCallEnded!(status.OK, '', null!);
    expect(active()).toEqual([0]);
    expect(samples()).toEqual([policy.name === 'peak-ewma' ? 1 : 0]);
  });
});
