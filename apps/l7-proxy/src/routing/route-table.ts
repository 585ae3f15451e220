import type { HeaderBlock } from '@evenly/http2';
import {
  Router,
  servicesOf,
  type Destination,
  type Memo,
  type Mirror,
  type Route,
  type VirtualHost,
} from '@evenly/mesh-config';
import { RouteSessions } from '../session/route-sessions.ts';
import type { RouteStats } from '../stats/route-stats.ts';
import { FieldChanges } from './field-changes.ts';
import { headerValue } from './header-value.ts';

/** A route made ready to be used. `D` is what its destinations lead to. */
export interface ReadyRoute<D> {
  readonly name: string;
  readonly route: Route;
  readonly stats: RouteStats;
  /** Chooses one of the destinations by weight; undefined: the call is refused. @param random from 0 to 1, 1 excluded */
  choose(random: number): ReadyDestination<D> | undefined;
  /** Where the session is that a request says it goes on with, whatever the weight is by now (GEP-1619). */
  sessionOf(block: HeaderBlock): PinnedSession<D> | undefined;
  /** Undefined: its calls know nothing of each other, as with most routes. */
  readonly sessions: RouteSessions | undefined;
  /** Undefined: it has none, as most routes. */
  readonly mirrors: readonly ReadyMirror<D>[] | undefined;
}

/** Where a call goes, and what becomes of its headers there. */
export interface ReadyDestination<D> {
  /** The service, or `service/subset`. */
  readonly name: string;
  readonly target: D;
  /** Undefined: they stay as they are. */
  readonly requestChanges: FieldChanges | undefined;
  readonly responseChanges: FieldChanges | undefined;
}

export interface PinnedSession<D> {
  readonly destination: ReadyDestination<D>;
  /** The key of an endpoint, as the client says it: it may be nobody's. */
  readonly endpoint: string;
}

export interface ReadyMirror<D> {
  readonly target: D;
  readonly percent: number;
}

export interface RouteContext<D> {
  /** What a destination of the config leads to. */
  destinationOf: (service: string, subset: string | undefined) => D;
  /** What is counted under a route's name. */
  statsOf: (route: string) => RouteStats;
  /** Those of tables before: of 500 routes, usually one has changed. */
  known?: Memo<Route, ReadyRoute<D>>;
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
      routes.map((route, index) => [route, readyOrKnown(route, routeName(route, index), context)]),
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
  const service = to.length === 1 ? to[0]!.service : undefined;
  const isImplicit =
    service !== undefined && match.path.value === '' && match.authority === service.toLowerCase();
  return isImplicit ? service : `route-${index + 1}`;
}

function readyOrKnown<D>(route: Route, name: string, context: RouteContext<D>): ReadyRoute<D> {
  const { known, destinationOf } = context;
  if (known === undefined) return readyRoute(route, name, context);
  const targets = [...servicesOf(route), ...(route.mirrors ?? [])].map(({ service, subset }) =>
    destinationOf(service, subset),
  );
  return known.get(route, [name, ...targets], () => readyRoute(route, name, context));
}

function readyRoute<D>(
  route: Route,
  name: string,
  { destinationOf, statsOf }: RouteContext<D>,
): ReadyRoute<D> {
  const possible = route.to.filter(({ weight }) => weight > 0);
  const destinations = possible.map((one) => readyDestination(one, route, destinationOf));
  const total = possible.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  const upTo = possible.map(({ weight }) => (sum += weight) / total);
  const last = destinations.length - 1;
  const { sessionPersistence } = route;
  const sessions = sessionPersistence && new RouteSessions(sessionPersistence, route);
  const byName = new Map<string, ReadyDestination<D>>();
  if (sessions !== undefined)
    for (const one of route.to) {
      const ready = readyDestination(one, route, destinationOf);
      if (ready !== undefined) byName.set(ready.name, ready);
    }
  return {
    name,
    route,
    stats: statsOf(name),
    mirrors: route.mirrors?.map((one) => readyMirror(one, destinationOf)),
    sessions,
    sessionOf: (block) => {
      const token = sessions?.find(block, (name) => byName.has(name));
      return token && { destination: byName.get(token.service)!, endpoint: token.endpoint };
    },
    choose: (random) => {
      if (last <= 0) return destinations[0];
      const index = upTo.findIndex((end) => random < end);
      return destinations[index < 0 ? last : index]; // rounding may leave the sum a little below 1
    },
  };
}

type DestinationOf<D> = RouteContext<D>['destinationOf'];

function readyDestination<D>(
  { service, subset, requestHeaders, responseHeaders }: Destination,
  route: Route,
  destinationOf: DestinationOf<D>,
): ReadyDestination<D> | undefined {
  if (service === undefined) return undefined;
  return {
    name: subset === undefined ? service : `${service}/${subset}`,
    target: destinationOf(service, subset),
    requestChanges: FieldChanges.of(requestHeaders, route.requestHeaders),
    responseChanges: FieldChanges.of(responseHeaders, route.responseHeaders),
  };
}

const readyMirror = <D>(
  { service, subset, percent }: Mirror,
  destinationOf: DestinationOf<D>,
): ReadyMirror<D> => ({ target: destinationOf(service, subset), percent });
