import { connectivityState, type Channel } from '@grpc/grpc-js';

/**
 * Waits until a channel has been READY once: its endpoints are known (by xDS: its listener, routes, clusters and endpoints) and one
 * of them is connected. It connects without a call. For a readiness probe: who is not ready before that replaces nobody
 * that works (README).
 *
 * Not by `waitForReady` of grpc-js: where the channel is closed meanwhile, that wakes its resolver again, for good.
 * @param options `signal`: gives up waiting; the channel stays as it is
 * @throws Error when the channel is closed; what the signal was aborted with
 */
export function channelReady(
  channel: Pick<Channel, 'getConnectivityState' | 'watchConnectivityState'>,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal!.reason as Error);
    const end = (error?: Error) => {
      signal?.removeEventListener('abort', giveUp);
      if (error === undefined) resolve();
      else reject(error);
    };
    const look = () => {
      if (signal?.aborted) return giveUp();
      const state = channel.getConnectivityState(false);
      if (state === connectivityState.READY) return end();
      if (state === connectivityState.SHUTDOWN) return end(new Error('the channel is closed'));
      // Before it connects: what it says at once is heard, too.
      channel.watchConnectivityState(state, Infinity, look);
      channel.getConnectivityState(true);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    look();
  });
}
