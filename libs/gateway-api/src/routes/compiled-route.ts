import type { Destination, Route, Service } from '@evenly/mesh-config';
import type { GrpcRoute } from '../objects/grpc-route.ts';
import type { HttpRoute } from '../objects/http-route.ts';
import { keyOf } from '../objects/meta.ts';
import type { BrokenRule, Rule } from '../objects/route.ts';
import type { Refusal } from '../status/condition.ts';
import { Backends, type BackendContext } from './backends.ts';
import { checkFilters } from './filters.ts';
import { grpcMatches } from './grpc-matches.ts';
import { httpMatches } from './http-matches.ts';
import { UnsupportedRule, type RankedMatch } from './ranked-match.ts';

export type AnyRoute = GrpcRoute | HttpRoute;

/** What a route of the cluster comes to, wherever it is attached. */
export interface CompiledRoute {
  object: AnyRoute;
  /** Of every match of every rule, in the order of the object. */
  entries: readonly RouteEntry[];
  /** Those that the entries lead to, by name. */
  services: ReadonlyMap<string, Service>;
  /** Why a reference to a backend leads nowhere. */
  unresolved: Refusal | undefined;
  /** Why rules are left out, each with the name or the number of the rule. */
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
      const actions = actionsOf(readable(rule), backends);
      for (const [number, { match, rank }] of matches.entries()) {
        const full = `${keyOf(object.meta)}/${name}${matches.length > 1 ? `.${number}` : ''}`;
        entries.push({ route: { name: full, match, ...actions }, rank });
      }
    } catch (error) {
      if (!(error instanceof UnsupportedRule)) throw error;
      dropped.push(`rule ${name}: ${error.message}`);
    }
  }
  const { services, refusal: unresolved } = backends;
  return { object, entries, services, unresolved, dropped, refused: refusalOf(object, entries, dropped) };
}

function rulesOf(object: AnyRoute): { rule: Rule<unknown> | BrokenRule; ranked: () => RankedMatch[] }[] {
  return object.kind === 'GRPCRoute'
    ? object.rules.map((rule) => ({ rule, ranked: () => grpcMatches(readable(rule).matches) }))
    : object.rules.map((rule) => ({ rule, ranked: () => httpMatches(readable(rule).matches) }));
}

function refusalOf({ fault }: AnyRoute, entries: readonly RouteEntry[], dropped: readonly string[]) {
  if (fault !== undefined) return { reason: 'UnsupportedValue', message: fault };
  if (dropped.length === 0 || entries.length > 0) return undefined;
  return { reason: 'UnsupportedValue', message: dropped.join('; ') };
}

function readable<M>(rule: Rule<M> | BrokenRule): Rule<M> {
  if ('fault' in rule) throw new UnsupportedRule(rule.fault);
  return rule;
}

/** What is done with a rule's requests. */
function actionsOf(rule: Rule<unknown>, backends: Backends): Omit<Route, 'match' | 'name'> {
  if (rule.sessionPersistence !== undefined) throw new UnsupportedRule('sessionPersistence is not supported');
  checkFilters(rule.filters);
  const to = destinationsOf(rule, backends);
  const timeoutMs = Math.min(
    ...[rule.timeoutMs, rule.attemptTimeoutMs].filter((ms) => ms !== undefined && ms > 0).map(Number),
  );
  return Number.isFinite(timeoutMs) ? { to, timeoutMs } : { to };
}

/** Nobody to call, or nobody who gets a share: everything is refused. */
function destinationsOf({ backendRefs }: Rule<unknown>, backends: Backends): Destination[] {
  for (const { filters } of backendRefs) checkFilters(filters);
  const all = backendRefs.map((backend) => backends.destination(backend));
  return all.some(({ weight }) => weight > 0) ? all : [{ refuse: true, weight: 1 }];
}
