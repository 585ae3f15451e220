import { asDiscoveryError, Backoff, type EndpointSource } from '@evenly/endpoints';

/**
 * A source that has to be made first, which may fail and is tried again: what it needs (credentials) may be mended while
 * the process runs.
 */
export function deferredSource(description: string, make: () => Promise<EndpointSource>): EndpointSource {
  return {
    description,
    watch: (listener) => {
      const backoff = new Backoff();
      let stopped = false;
      let failed = false;
      let timer: NodeJS.Timeout | undefined;
      let stopSource = () => {};
      const start = async () => {
        try {
          const source = await make();
          if (stopped) return;
          const onRecovered = () => {
            failed = false;
            listener.onRecovered();
          };
          stopSource = source.watch({
            onEndpoints: (set) => {
              listener.onEndpoints(set);
              if (failed) onRecovered();
            },
            onError: (error) => listener.onError(error),
            onRecovered,
          });
        } catch (error) {
          if (stopped) return;
          failed = true;
          listener.onError(asDiscoveryError(error));
          timer = setTimeout(() => void start(), backoff.next());
          timer.unref();
        }
      };
      void start();
      return () => {
        stopped = true;
        clearTimeout(timer);
        stopSource();
      };
    },
  };
}
