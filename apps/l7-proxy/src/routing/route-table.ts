import type { HeaderBlock } from '@evenly/http2';
import type { Route, RouteMatch } from '@evenly/mesh-config';
import type { RouteStats } from '../metrics/route-stats.ts';
import { headerTest, requestFacts, textTest, type RequestFacts, type RequestTest } from './matchers.ts';
import { normalAuthority } from './normal-authority.ts';

/** A route made ready to be used. `D` is what its destinations lead to. */
export interface ReadyRoute<D> {
  readonly name: string;
  readonly route: Route;
  readonly stats: RouteStats;
  /** Chooses one of the destinations by weight. @param random from 0 to 1, 1 excluded */
  choose(random: number): D;
}

export interface RouteContext<D> {
  /** What a destination of the config leads to. */
  destinationOf: (service: string, subset: string | undefined) => D;
  /** What is counted under a route's name. */
  statsOf: (route: string) => RouteStats;
}

interface Candidate<D> {
  route: ReadyRoute<D>;
  tests: readonly RequestTest[];
}

/**
 * The routes of a listener; the first that matches wins. Immutable: a reload makes a new table, and header blocks that
 * remember a route of the old one look anew.
 */
export class RouteTable<D> {
  readonly routes: readonly ReadyRoute<D>[];
  /** By host, each in the order of the routes: most routes ask for another host than the call's. */
  readonly #byHost = new Map<string, Candidate<D>[]>();
  readonly #anyHost: Candidate<D>[];

  constructor(routes: readonly Route[], context: RouteContext<D>) {
    const all = routes.map((route, index) => ({
      host: route.match.authority === undefined ? undefined : normalAuthority(route.match.authority).host,
      candidate: {
        route: readyRoute(route, routeName(route, index), context),
        tests: testsOf(route.match),
      },
    }));
    this.routes = all.map(({ candidate }) => candidate.route);
    // In one pass: a host's list begins with the routes for any host that come before its first own one.
    this.#anyHost = [];
    for (const { host, candidate } of all) {
      const lists = host === undefined ? [...this.#byHost.values(), this.#anyHost] : [this.#ofHost(host)];
      for (const list of lists) list.push(candidate);
    }
  }

  #ofHost(host: string): Candidate<D>[] {
    const own = this.#byHost.get(host) ?? [...this.#anyHost];
    this.#byHost.set(host, own);
    return own;
  }

  /** The route of a request, or undefined. */
  find(block: HeaderBlock): ReadyRoute<D> | undefined {
    const facts = requestFacts(block);
    const candidates = this.#byHost.get(facts.host) ?? this.#anyHost;
    return candidates.find(({ tests }) => tests.every((test) => test(facts)))?.route;
  }
}

function testsOf(match: RouteMatch): RequestTest[] {
  const tests: RequestTest[] = [];
  const { method, path } = match;
  if (match.authority !== undefined) {
    const { host, authority } = normalAuthority(match.authority);
    // Without a port it holds for every port, and the host is looked up already.
    if (authority !== host) tests.push((request) => request.authority === authority);
  }
  if (method !== undefined) tests.push((request) => request.method === method);
  if (path.kind !== 'prefix' || path.value !== '') {
    const test = textTest(path);
    tests.push((request: RequestFacts) => test(request.path));
  }
  return [...tests, ...match.headers.map(headerTest)];
}

/** The config's, or else what the route is for: `be1-srv`, or its place in the list. */
function routeName({ name, match, to }: Route, index: number): string {
  if (name !== undefined) return name;
  const isImplicit =
    match.path.value === '' && to.length === 1 && match.authority === to[0]!.service.toLowerCase();
  return isImplicit ? to[0]!.service : `route-${index + 1}`;
}

function readyRoute<D>(
  route: Route,
  name: string,
  { destinationOf, statsOf }: RouteContext<D>,
): ReadyRoute<D> {
  const destinations = route.to.map(({ service, subset }) => destinationOf(service, subset));
  const total = route.to.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  const upTo = route.to.map(({ weight }) => (sum += weight) / total);
  const only = destinations.length === 1 ? destinations[0]! : undefined;
  return {
    name,
    route,
    stats: statsOf(name),
    choose: (random) => only ?? destinations[upTo.findIndex((end) => random < end)] ?? destinations.at(-1)!,
  };
}
