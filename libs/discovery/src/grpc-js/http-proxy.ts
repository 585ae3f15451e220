import { env } from 'node:process'; // where grpc-js looks for proxies
import { text, type Uri } from '../target.ts';

/** In the order in which grpc-js looks at them; it knows them in lower case only. */
const variables = ['grpc_proxy', 'https_proxy', 'http_proxy'];
/** Targets that are remembered; one beyond them takes the oldest one's place. */
const maxTargets = 1000;

/**
 * Notices targets that grpc-js sends to an HTTP proxy: it puts the proxy in the target's place before it looks for a
 * resolver, so nobody is asked for endpoints, and no policy sees any. A channel asks for the target's authority and makes
 * its resolver in one go, and only then; a target without a resolver after that has gone to the proxy.
 */
export class ProxiedTargets {
  /** Those that have come to a resolver, or have been warned of. */
  readonly #known = new Set<string>();

  authorityAsked(uri: Uri, warn: (message: string) => void): void {
    const variable = variables.find((name) => env[name]);
    if (variable === undefined) return;
    const target = text(uri);
    queueMicrotask(() => {
      if (this.#known.has(target)) return;
      this.#remember(target);
      warn(
        `${target}: ${variable} is set, so grpc-js calls that proxy and looks for no endpoints: ` +
          `give the channel the option 'grpc.enable_http_proxy': 0`,
      );
    });
  }

  resolverMade(uri: Uri): void {
    this.#remember(text(uri));
  }

  #remember(target: string): void {
    this.#known.add(target);
    if (this.#known.size > maxTargets) this.#known.delete(this.#known.values().next().value!);
  }
}
