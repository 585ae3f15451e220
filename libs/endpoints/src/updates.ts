import type { EndpointSet } from './endpoint.ts';
import type { DiscoveryError } from './errors.ts';
import type { EndpointListener } from './source.ts';

/**
 * Turns results into updates for a listener: a set only when its content differs, and recovery only when every origin of
 * errors (such as `dns` and `health`) works again.
 */
export class Updates {
  readonly #listener: EndpointListener;
  /** Made with the first error: there are several of these for each service. */
  #failing: Set<string> | undefined;
  #version: string | undefined;

  constructor(listener: EndpointListener) {
    this.#listener = listener;
  }

  endpoints(set: EndpointSet): void {
    if (set.version === this.#version) return;
    this.#version = set.version;
    this.#listener.onEndpoints(set);
  }

  error(origin: string, error: DiscoveryError): void {
    (this.#failing ??= new Set()).add(origin);
    this.#listener.onError(error);
  }

  ok(origin: string): void {
    if (this.#failing?.delete(origin) && this.#failing.size === 0) this.#listener.onRecovered();
  }
}
