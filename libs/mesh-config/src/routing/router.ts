import type { Route } from '../route.ts';
import { testsOf, type RequestFacts, type RequestTest, type RoutedRequest } from './matchers.ts';
import { normalAuthority } from './normal-authority.ts';
import type { VirtualHost } from './virtual-hosts.ts';

interface Candidate<R> {
  result: R;
  tests: readonly RequestTest[];
}

/**
 * Which route a request takes: the same for everybody, whether the routes came from a file or by xDS. Immutable.
 * `R` is what the routes are to whoever asks.
 */
export class Router<R> {
  /** By `shop` and `shop:9000`. */
  readonly #exact = new Map<string, readonly Candidate<R>[]>();
  /** By the host of `shop:*`. */
  readonly #anyPort = new Map<string, readonly Candidate<R>[]>();
  #any: readonly Candidate<R>[] = [];

  /** @param resultOf asked once for each route, however many virtual hosts it is in */
  constructor(hosts: readonly VirtualHost[], resultOf: (route: Route) => R) {
    const known = new Map<Route, Candidate<R>>();
    for (const { domains, routes } of hosts) {
      const candidates = routes.map((route) => {
        const candidate = known.get(route) ?? { result: resultOf(route), tests: testsOf(route.match) };
        known.set(route, candidate);
        return candidate;
      });
      for (const domain of domains) {
        if (domain === '*') this.#any = candidates;
        else if (domain.endsWith(':*')) this.#anyPort.set(domain.slice(0, -2), candidates);
        else this.#exact.set(domain, candidates);
      }
    }
  }

  /** @returns undefined: no route takes it */
  find(request: RoutedRequest): R | undefined {
    const { method, header } = request;
    const { host, authority } = normalAuthority(request.authority);
    const at = request.path.indexOf('?');
    const path = at < 0 ? request.path : request.path.slice(0, at);
    const query = at < 0 ? '' : request.path.slice(at + 1);
    const facts: RequestFacts = { authority, path, query, method, header };
    return this.#candidates(host, authority).find(({ tests }) => tests.every((test) => test(facts)))?.result;
  }

  #candidates(host: string, authority: string): readonly Candidate<R>[] {
    const exact = this.#exact.get(authority);
    if (exact !== undefined) return exact;
    return (authority === host ? undefined : this.#anyPort.get(host)) ?? this.#any;
  }
}
