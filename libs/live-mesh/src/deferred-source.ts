import { DiscoveryError, type EndpointSource } from '@evenly/endpoints';

/** How long after a failure the source is tried to be made again. */
const retryMs = 10_000;

/** A source that takes time to make, or cannot be made yet: that is an error of the source, and tried again. */
export function deferredSource(description: string, make: () => Promise<EndpointSource>): EndpointSource {
  return {
    description,
    watch: (listener) => {
      let stopped = false;
      let failed = false;
      let stopSource = () => {};
      let timer: NodeJS.Timeout | undefined;
      const attempt = async () => {
        try {
          const source = await make();
          if (stopped) return;
          stopSource = source.watch(listener);
          if (failed) listener.onRecovered();
        } catch (error) {
          if (stopped) return;
          failed = true;
          const known = error instanceof DiscoveryError;
          listener.onError(
            known ? error : new DiscoveryError('UNREACHABLE', String(error), { cause: error }),
          );
          timer = setTimeout(() => void attempt(), retryMs);
        }
      };
      void attempt();
      return () => {
        stopped = true;
        clearTimeout(timer);
        stopSource();
      };
    },
  };
}
