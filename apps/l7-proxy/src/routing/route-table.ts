import type { HeaderBlock } from '@evenly/http2';
import { Router, type Route, type VirtualHost } from '@evenly/mesh-config';
import type { RouteStats } from '../stats/route-stats.ts';
import { headerValue } from './header-value.ts';

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

/**
 * The routes of a listener, each ready to be used. Immutable: a reload makes a new table, and header blocks that remember
 * a route of the old one look anew.
 */
export class RouteTable<D> {
  readonly routes: readonly ReadyRoute<D>[];
  readonly #router: Router<ReadyRoute<D>>;

  /** @param routes all that `hosts` have, in the order in which they are named and shown */
  constructor(routes: readonly Route[], hosts: readonly VirtualHost[], context: RouteContext<D>) {
    const ready = new Map(
      routes.map((route, index) => [route, readyRoute(route, routeName(route, index), context)]),
    );
    this.routes = [...ready.values()];
    this.#router = new Router(hosts, (route) => ready.get(route)!);
  }

  /** The route of a request, or undefined. */
  find(block: HeaderBlock): ReadyRoute<D> | undefined {
    const { authority, path, method } = block.asRequest();
    return this.#router.find({ authority, path, method, header: (name) => headerValue(block, name) });
  }
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
