import { connectivityState } from '@grpc/grpc-js';
import { registerRoundRobinWithReason } from '@evenly/service/grpc';
import { afterEach, expect, it } from 'vitest';
import { ChannelPool } from './channel-pool.ts';

registerRoundRobinWithReason();
const pools: ChannelPool[] = [];
function pool(maxChannels: number, channelIdle = 300_000): ChannelPool {
  const made = new ChannelPool({ maxChannels, channelIdle });
  pools.push(made);
  return made;
}
afterEach(() => {
  for (const made of pools.splice(0)) made.close();
});

const target = (n: number) => `ipv4:127.0.0.1:${n}`;

it('keeps a channel between requests', () => {
  const channels = pool(2);
  const first = channels.lease(target(1));
  first.release();
  const second = channels.lease(target(1));
  expect(second.client).toBe(first.client);
  expect(channels.size).toBe(1);
});

it('closes the least recently used channel when there are too many', () => {
  const channels = pool(2);
  const [one, two] = [1, 2].map((n) => channels.lease(target(n)));
  one!.release();
  two!.release();
  channels.lease(target(1)).release();
  channels.lease(target(3)).release();
  expect(channels.size).toBe(2);
  expect(channels.lease(target(1)).client).toBe(one!.client);
  expect(channels.lease(target(2)).client).not.toBe(two!.client);
});

it('closes no channel that is in use: a further one is refused', () => {
  const channels = pool(1);
  const lease = channels.lease(target(1));
  expect(() => channels.lease(target(2))).toThrow(expect.objectContaining({ code: 'BUSY' }));
  lease.release();
  expect(channels.lease(target(2)).client).toBeDefined();
});

it('closes a channel that is idle, and not one that is in use', async () => {
  const channels = pool(2, 1);
  const busy = channels.lease(target(1));
  channels.lease(target(2)).release();
  await expect.poll(() => channels.size).toBe(1);
  expect(channels.lease(target(1)).client).toBe(busy.client);
});

it('gives a new channel to whoever asks after one was retired', () => {
  const channels = pool(2);
  const old = channels.lease(target(1));
  old.retire();
  const renewed = channels.lease(target(1));
  expect(renewed.client).not.toBe(old.client);
  old.release();
  expect(old.client.getChannel().getConnectivityState(false)).toBe(connectivityState.SHUTDOWN);
  expect(renewed.client.getChannel().getConnectivityState(false)).not.toBe(connectivityState.SHUTDOWN);
  expect(channels.size).toBe(1);
});
