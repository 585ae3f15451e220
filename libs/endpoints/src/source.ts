import type { EndpointSet } from './endpoint.ts';
import type { DiscoveryError } from './errors.ts';

/** Is told what a source knows. None of these may throw. */
export interface EndpointListener {
  /** A set whose content differs from the one before. */
  onEndpoints(set: EndpointSet): void;
  /** An attempt failed, and why: the last set stays valid. Sets may still come, if another part of the source works. */
  onError(error: DiscoveryError): void;
  /** The first success after errors; a set that changed meanwhile was told before. */
  onRecovered(): void;
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
  /**
   * Somebody found an endpoint dead: look again soon. Absent where every change is told anyway; a source that asks does
   * so at once, but never more often than its floor, whoever calls this and how often.
   */
  refresh?(): void;
  /**
   * Somebody found all endpoints dead: those that are kept although the source names none any more go now. Absent where
   * nobody is kept.
   */
  endGrace?(): void;
}
