import { Backoff, type BackoffOptions } from './backoff.ts';
import { asDiscoveryError } from './errors.ts';
import type { EndpointSource } from './source.ts';
import { Updates } from './updates.ts';

/**
 * A source that has to be made first, which may fail and is tried again: what it needs (credentials) may be mended while
 * the process runs. That it could be made is no recovery yet: only when it has told endpoints.
 * @param options `unref`: the wait does not keep the process alive
 */
export function deferredSource(
  description: string,
  make: () => Promise<EndpointSource>,
  { unref = false, ...backoffOptions }: BackoffOptions & { unref?: boolean } = {},
): EndpointSource {
  return {
    description,
    watch: (listener) => {
      const backoff = new Backoff(backoffOptions);
      const updates = new Updates(listener);
      let stopped = false;
      let timer: NodeJS.Timeout | undefined;
      let stopSource = () => {};
      const start = async () => {
        try {
          const source = await make();
          if (stopped) return;
          stopSource = source.watch({
            onEndpoints: (set) => {
              updates.endpoints(set);
              updates.ok('making');
            },
            onError: (error) => updates.error('source', error),
            onRecovered: () => updates.ok('source'),
          });
        } catch (error) {
          if (stopped) return;
          updates.error('making', asDiscoveryError(error));
          timer = setTimeout(() => void start(), backoff.next());
          if (unref) timer.unref();
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
