import type { EndpointSet } from './endpoint.ts';
import type { DiscoveryError } from './errors.ts';

/** Is told what a source knows. Neither function may throw. */
export interface EndpointListener {
  /** A new set: its content differs from the one before, or it ends a time of errors. */
  onEndpoints(set: EndpointSet): void;
  /** There is no news, and why; the last set stays valid. Called for every failed attempt. */
  onError(error: DiscoveryError): void;
}

/** Says which endpoints a service has now: DNS, the Kubernetes API, a file, a fixed list, or one around another. */
export interface EndpointSource {
  /** For logs and pages, such as `dns-srv _grpc._tcp.be1-srv.default.svc.cluster.local`. */
  readonly description: string;
  /**
   * Starts telling. The first call comes later, never within `watch`.
   * @returns stops: lets go of timers and connections, and nothing is told any more
   */
  watch(listener: EndpointListener): () => void;
}

/** A listener that passes a set on only when it is news: other content than before, or the first after an error. */
export function newsOnly(listener: EndpointListener): EndpointListener {
  let version: string | undefined;
  return {
    onEndpoints: (set) => {
      if (set.version === version) return;
      version = set.version;
      listener.onEndpoints(set);
    },
    onError: (error) => {
      version = undefined;
      listener.onError(error);
    },
  };
}
