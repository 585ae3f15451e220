import { DiscoveryError, Updates, type EndpointSource } from '@evenly/endpoints';
import type { ClusterStates } from './cluster-states.ts';

/**
 * A cluster that has said nothing for so long, not even that it refuses, is away: an API server behind a cut cable is
 * noticed after a request's 30 s, and the others must not wait for that (istio#30838).
 */
const silenceMs = 5000;

/** A source of one of several clusters: what it says has the cluster's name, and is kept for pages. */
export function clusterSource(
  source: EndpointSource,
  cluster: { name: string; region: string },
  states: ClusterStates | undefined,
): EndpointSource {
  return {
    description: `${source.description} in cluster ${cluster.name}`,
    refresh: () => source.refresh?.(),
    watch: (listener) => {
      const followed = states?.follow(cluster);
      const fail = (origin: string, { code, message, cause }: DiscoveryError) => {
        const error = new DiscoveryError(code, `cluster ${cluster.name}: ${message}`, { cause });
        if (followed !== undefined) followed.state.error = error.message;
        updates.error(origin, error);
      };
      const updates = new Updates({
        onEndpoints: (set) => {
          if (followed !== undefined) followed.state.endpoints = set.endpoints.length;
          listener.onEndpoints(set);
        },
        onError: (error) => listener.onError(error),
        onRecovered: () => {
          if (followed !== undefined) followed.state.error = undefined;
          listener.onRecovered();
        },
      });
      const silence = setTimeout(() => {
        fail('silence', new DiscoveryError('UNREACHABLE', `no answer for ${silenceMs} ms`));
      }, silenceMs);
      const stop = source.watch({
        onEndpoints: (set) => {
          clearTimeout(silence);
          updates.endpoints(set);
          updates.ok('silence');
        },
        onError: (error) => {
          clearTimeout(silence);
          fail('source', error);
          updates.ok('silence');
        },
        onRecovered: () => updates.ok('source'),
      });
      return () => {
        clearTimeout(silence);
        stop();
        followed?.end();
      };
    },
  };
}
