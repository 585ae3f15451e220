import type { GrpcCode } from './grpc-code.ts';
import type { HeaderChanges } from './header-changes.ts';
import type { Hedge, Retry } from './policy.ts';
import type { PathMatch } from './path-match.ts';
import type { Redirect, Rewrite } from './redirect.ts';
import type { SessionPersistence } from './session-persistence.ts';

/** Which calls go where. */
export interface Route {
  /** For logs and metrics; unique in its list. */
  name?: string;
  match: RouteMatch;
  /** At least one, unless there is a `redirect`; a call goes to one of them by weight. The sum of the weights is at least 1. */
  to: readonly Destination[];
  /** Instead of the service's own. */
  timeoutMs?: number;
  /** Instead of the service's own `retry` or `hedge`. */
  retry?: Retry;
  /** Instead of the service's own `retry` or `hedge`; not together with `retry`. */
  hedge?: Hedge;
  fault?: Fault;
  /** Instead of the service's own; only when all of `to` are balanced by ring-hash. */
  hashHeader?: string;
  /** Absent = no call knows of another. */
  sessionPersistence?: SessionPersistence;
  /** Of what goes to an endpoint; after those of the destination. */
  requestHeaders?: HeaderChanges;
  /** Of what an endpoint answers; after those of the destination. Never of trailers, nor of what a proxy answers itself. */
  responseHeaders?: HeaderChanges;
  /** Who gets copies of the calls. Nobody waits for what they answer. */
  mirrors?: readonly Mirror[];
  /** The client is told to ask elsewhere; nothing goes to a service, and `to` is empty. */
  redirect?: Redirect;
  /** What endpoints are asked for, instead of what the client asked for. */
  rewrite?: Rewrite;
}

/** Every condition must hold. */
export interface RouteMatch {
  /**
   * Such as `be1-srv` or `be1-srv:8080`, in lower case; compared without regard to case. Without a port it holds for
   * every port. `*.example.com` is any name below `example.com`, of one label or several. Absent = any.
   */
  authority?: string;
  /** Of the request's `:path`, without a query. The prefix "" is any. */
  path: PathMatch;
  /** Of HTTP, such as `POST`. Absent = any. */
  method?: string;
  /** Of the query. Absent = any. */
  query?: readonly QueryMatch[];
  headers: readonly HeaderMatch[];
}
/**
 * One condition on a header. Values of several headers with the same name count as one, joined by ",".
 * As in Envoy and gRPC, a header that is not there fulfils nothing but `present` inverted.
 */
export type HeaderMatch = HeaderCondition & {
  /** In lower case. Never `…-bin`: gRPC clients do not match binary headers (gRFC A28). */
  name: string;
  /** Holds when the condition does not. */
  invert: boolean;
};

/** One condition on a parameter of the query, as a form has it: `+` is a blank, and percent-encoding is decoded. */
export interface QueryMatch {
  /** With its case. Of several with the same name the first counts. */
  name: string;
  /** `regex`: RE2 syntax, of the whole value. */
  kind: 'exact' | 'regex';
  value: string;
}

/** `regex`: RE2 syntax, of the whole value. */
export type HeaderCondition = { kind: 'exact' | 'prefix' | 'regex'; value: string } | { kind: 'present' };

/** Where a share of the calls goes. */
export type Destination = ServiceDestination | RefusedShare;

export interface ServiceDestination extends Share {
  /** One of the config's services. */
  service: string;
  /** One of the service's subsets; absent = the service's own source. */
  subset?: string;
  refuse?: undefined;
  requestHeaders?: HeaderChanges;
  responseHeaders?: HeaderChanges;
}

/**
 * Calls that go nowhere: what the route names cannot be found, and the share of the others must not grow by it. gRPC calls
 * end with UNAVAILABLE, other requests with 500.
 */
export interface RefusedShare extends Share {
  refuse: true;
  service?: undefined;
  subset?: undefined;
  requestHeaders?: undefined;
  responseHeaders?: undefined;
}

interface Share {
  /** From 0, relative to the others. */
  weight: number;
}

/** Copies of calls, for a service that shall see what the others get. */
export interface Mirror {
  /** One of the config's services. */
  service: string;
  /** One of the service's subsets; absent = the service's own source. */
  subset?: string;
  /** Of the calls. */
  percent: number;
}

/** Without those that refuse. */
export const servicesOf = ({ to }: Pick<Route, 'to'>): ServiceDestination[] =>
  to.filter((one): one is ServiceDestination => one.refuse === undefined);

/** Whose policy holds for what the route does not say itself; undefined: all of its calls are refused. */
export const firstService = ({ to }: Pick<Route, 'to'>): string | undefined =>
  to.find(({ service }) => service !== undefined)?.service;

/** Faults on purpose, to see how callers take them (gRFC A33). Delay and abort are drawn independently. */
export interface Fault {
  delay?: { durationMs: number; percent: number };
  abort?: { code: Exclude<GrpcCode, 'OK'>; percent: number };
}
