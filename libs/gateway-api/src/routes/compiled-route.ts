import type { Destination, Route, Service } from '@evenly/mesh-config';
import type { RouteKind } from '../listeners/route-kinds.ts';
import type { GrpcRoute } from '../objects/grpc-route.ts';
import type { HttpRoute } from '../objects/http-route.ts';
import { keyOf } from '../objects/meta.ts';
import type { BrokenRule, Rule } from '../objects/route.ts';
import type { Refusal } from '../status/condition.ts';
import type { PolicyOutcome } from '../services/backend-tls.ts';
import { Backends, type BackendContext } from './backends.ts';
import { filterActions, headerActions } from './filters.ts';
import { grpcMatches } from './grpc-matches.ts';
import { httpMatches } from './http-matches.ts';
import { UnsupportedRule, type RankedMatch } from './ranked-match.ts';
import { sessionsOf } from './sessions.ts';

export type AnyRoute = GrpcRoute | HttpRoute;

/** What a route of the cluster comes to, wherever it is attached. */
export interface CompiledRoute {
  object: AnyRoute;
  /** Of every match of every rule, in the order of the object. */
  entries: readonly RouteEntry[];
  /** Those that the entries lead to, by name. */
  services: ReadonlyMap<string, Service>;
  /** Those about the Services that it refers to. */
  policies: ReadonlySet<PolicyOutcome>;
  /** Why a reference to a backend leads nowhere. */
  unresolved: Refusal | undefined;
  /** Why rules do not count, each with the name or the number of the rule. */
  dropped: readonly string[];
  /** Why nothing of it counts. */
  refused: Refusal | undefined;
}

export interface RouteEntry {
  route: Route;
  rank: readonly number[];
}

export function compileRoute(object: AnyRoute, context: BackendContext): CompiledRoute {
  const backends = new Backends(object.meta, context);
  const entries: RouteEntry[] = [];
  const dropped: string[] = [];
  for (const [index, { rule, ranked }] of rulesOf(object).entries()) {
    const name = ('name' in rule ? rule.name : undefined) ?? String(index);
    try {
      const matches = ranked();
      const id = `${object.kind.toLowerCase()}/${keyOf(object.meta)}/${name}`;
      const { actions, fault } = actionsOrFault(object.kind, id, readable(rule), matches, backends);
      if (fault !== undefined) dropped.push(`rule ${name}: ${fault}`);
      for (const [number, { match, rank }] of matches.entries()) {
        const full = `${id}${matches.length > 1 ? `.${number}` : ''}`;
        entries.push({ route: { name: full, match, ...actions }, rank });
      }
    } catch (error) {
      dropped.push(`rule ${name}: ${unsupported(error)}`);
    }
  }
  const { services, policies, refusal: unresolved } = backends;
  return { object, entries, services, policies, unresolved, dropped, refused: refusalOf(object, dropped) };
}

type Actions = Omit<Route, 'match' | 'name'>;

/** Requests of a rule that asks for what we cannot do are refused: to leave it out would be to do something else with them. */
function actionsOrFault(
  kind: RouteKind,
  id: string,
  rule: Rule<unknown>,
  matches: readonly RankedMatch[],
  backends: Backends,
): { actions: Actions; fault?: string } {
  try {
    return { actions: actionsOf(kind, id, rule, matches, backends) };
  } catch (error) {
    return { actions: { to: refuseAll }, fault: unsupported(error) };
  }
}

function unsupported(error: unknown): string {
  if (error instanceof UnsupportedRule) return error.message;
  throw error;
}

function rulesOf(object: AnyRoute): { rule: Rule<unknown> | BrokenRule; ranked: () => RankedMatch[] }[] {
  return object.kind === 'GRPCRoute'
    ? object.rules.map((rule) => ({ rule, ranked: () => grpcMatches(readable(rule).matches) }))
    : object.rules.map((rule) => ({ rule, ranked: () => httpMatches(readable(rule).matches) }));
}

function refusalOf({ fault, rules }: AnyRoute, dropped: readonly string[]): Refusal | undefined {
  if (fault !== undefined) return { reason: 'UnsupportedValue', message: fault };
  if (dropped.length === 0 || dropped.length < rules.length) return undefined;
  return { reason: 'UnsupportedValue', message: dropped.join('; ') };
}

function readable<M>(rule: Rule<M> | BrokenRule): Rule<M> {
  if ('fault' in rule) throw new UnsupportedRule(rule.fault);
  return rule;
}

/** What is done with a rule's requests. */
function actionsOf(
  kind: RouteKind,
  id: string,
  rule: Rule<unknown>,
  matches: readonly RankedMatch[],
  backends: Backends,
): Actions {
  if (rule.unsupported.length > 0) throw new UnsupportedRule(`${rule.unsupported.join(', ')}: not supported`);
  const actions = filterActions(kind, rule.filters, backends);
  const change = (actions.redirect ?? actions.rewrite)?.path;
  if (change?.kind === 'prefix' && !matches.every(({ match }) => /^(prefix|segments)$/.test(match.path.kind)))
    throw new UnsupportedRule('ReplacePrefixMatch needs matches of type PathPrefix');
  // A client that is told to ask elsewhere is passed on to nobody.
  const to = actions.redirect === undefined ? destinationsOf(rule, backends) : [];
  const sessions = rule.sessionPersistence && sessionsOf(rule.sessionPersistence, id);
  const timeouts = [rule.timeoutMs, rule.attemptTimeoutMs].filter((ms) => ms !== undefined && ms > 0);
  return {
    to,
    ...actions,
    ...(sessions === undefined || actions.redirect !== undefined ? {} : { sessionPersistence: sessions }),
    ...(timeouts.length > 0 ? { timeoutMs: Math.min(...timeouts.map(Number)) } : {}),
  };
}

/** Nobody to call, or nobody who gets a share: everything is refused. A backend that is not there refuses its share. */
function destinationsOf({ backendRefs }: Rule<unknown>, backends: Backends): Destination[] {
  const all = backendRefs.map((backend): Destination => {
    const { weight, filters } = backend;
    const headers = headerActions(filters);
    const service = backends.find(backend);
    return service === undefined ? { refuse: true, weight } : { service: service.name, weight, ...headers };
  });
  return all.some(({ weight }) => weight > 0) ? all : refuseAll;
}

const refuseAll: Destination[] = [{ refuse: true, weight: 1 }];
