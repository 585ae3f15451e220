import type { Route } from '../route.ts';
import { testsOf, type RequestFacts, type RequestTest, type RoutedRequest } from './matchers.ts';
import { portOf, wildcardsOf } from './authority-patterns.ts';
import { normalAuthority, type NormalAuthority } from './normal-authority.ts';
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
  /** By `shop`, `shop:9000`, `*.example.com` and `*.example.com:9000`. */
  readonly #exact = new Map<string, readonly Candidate<R>[]>();
  /** By the host of `shop:*` and `*.example.com:*`. */
  readonly #anyPort = new Map<string, readonly Candidate<R>[]>();
  #hasWildcards = false;
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
        if (domain.startsWith('*.')) this.#hasWildcards = true;
        if (domain === '*') this.#any = candidates;
        else if (domain.endsWith(':*')) this.#anyPort.set(domain.slice(0, -2), candidates);
        else this.#exact.set(domain, candidates);
      }
    }
  }

  /** @returns undefined: no route takes it */
  find(request: RoutedRequest): R | undefined {
    const { method, header } = request;
    const normal = normalAuthority(request.authority);
    const at = request.path.indexOf('?');
    const path = at < 0 ? request.path : request.path.slice(0, at);
    const query = at < 0 ? '' : request.path.slice(at + 1);
    const facts: RequestFacts = { authority: normal.authority, path, query, method, header };
    return this.#candidates(normal).find(({ tests }) => tests.every((test) => test(facts)))?.result;
  }

  /** As in Envoy: whole names come before wildcards, and of these the longest first; any port comes after one that is named. */
  #candidates(normal: NormalAuthority): readonly Candidate<R>[] {
    const { host, authority } = normal;
    const exact = this.#exact.get(authority);
    if (exact !== undefined) return exact;
    const port = portOf(normal);
    const wildcards = this.#hasWildcards ? wildcardsOf(host) : [];
    for (const one of wildcards) {
      const found = this.#exact.get(one + port);
      if (found !== undefined) return found;
    }
    if (port === '') return this.#any;
    for (const one of [host, ...wildcards]) {
      const found = this.#anyPort.get(one);
      if (found !== undefined) return found;
    }
    return this.#any;
  }
}
