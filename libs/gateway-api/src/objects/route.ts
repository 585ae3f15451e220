import * as z from 'zod';
import { limits } from '../limits.ts';
import { filters, type Filter } from './filters.ts';
import { sessionPersistence, type SessionPersistenceObject } from './session-persistence.ts';
import { field, reader, faultOf, namesOf, type Read } from './read.ts';
import {
  backendReference,
  duration,
  hostname,
  listOf,
  name,
  parentReference,
  type ParentReference,
} from './values.ts';

/** What GRPCRoutes and HTTPRoutes have in common; `Match` is what a rule of theirs looks at. */
export type RouteObject<Match> = Read<{
  parentRefs: readonly ParentReference[];
  /** None = all of the listener. */
  hostnames: readonly string[];
  rules: readonly (Rule<Match> | BrokenRule)[];
}>;

export interface Rule<Match> {
  name: string | undefined;
  /** Any of these; none = every request. */
  matches: readonly Match[];
  filters: readonly Filter[];
  backendRefs: readonly BackendRef[];
  /** Of the whole call; 0 = none at all. */
  timeoutMs: number | undefined;
  /** Of a single attempt. */
  attemptTimeoutMs: number | undefined;
  sessionPersistence: SessionPersistenceObject | undefined;
  /** Fields that ask for what we cannot do. */
  unsupported: readonly string[];
}

/** A rule that cannot be read; the others of its route count. */
export interface BrokenRule {
  fault: string;
}

export type BackendRef = z.output<typeof backendRef>;

const backendRef = backendReference.extend({
  weight: z
    .int()
    .min(0)
    .max(1_000_000)
    .nullish()
    .transform((weight) => weight ?? 1),
  filters,
});

const timeouts = z.object({ request: duration.nullish(), backendRequest: duration.nullish() });

const ruleOf = <M extends z.ZodType>(match: M) =>
  z
    .object({
      name: name.nullish(),
      matches: listOf(match, limits.matches),
      filters,
      backendRefs: listOf(backendRef, limits.backendRefs),
      timeouts: timeouts.nullish(),
      sessionPersistence: sessionPersistence.nullish(),
      retry: z.unknown().optional(),
    })
    .transform(({ timeouts: given, retry, ...rule }) => ({
      ...rule,
      name: rule.name ?? undefined,
      timeoutMs: given?.request ?? undefined,
      attemptTimeoutMs: given?.backendRequest ?? undefined,
      sessionPersistence: rule.sessionPersistence ?? undefined,
      unsupported: namesOf({ retry }),
    }));

const parentRefs = listOf(parentReference, limits.parentRefs);

/** @param match the form of one entry of a rule's `matches` */
export function routeReader<K extends 'GRPCRoute' | 'HTTPRoute', M extends z.ZodType>(kind: K, match: M) {
  const rule = ruleOf(match);
  const form = z.object({
    spec: z.object({
      parentRefs,
      hostnames: listOf(hostname, limits.hostnames),
      rules: listOf(z.unknown(), limits.rules),
    }),
  });
  const readRule = (given: unknown): Rule<z.output<M>> | BrokenRule => {
    const read = rule.safeParse(given);
    return read.success ? read.data : { fault: faultOf(read.error) };
  };
  return reader(
    kind,
    form,
    ({ spec }) => ({
      kind,
      parentRefs: spec.parentRefs,
      hostnames: spec.hostnames,
      rules: spec.rules.map(readRule),
    }),
    (object) => ({
      kind,
      parentRefs: field(object, ['spec', 'parentRefs'], parentRefs) ?? [],
      hostnames: [],
      rules: [],
    }),
  );
}
