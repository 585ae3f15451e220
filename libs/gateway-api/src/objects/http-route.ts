import * as z from 'zod';
import { limits } from '../limits.ts';
import { headerMatch } from './grpc-route.ts';
import { routeReader, type RouteObject } from './route.ts';
import { listOf, text } from './values.ts';

const pathMatch = z.object({
  type: z
    .enum(['Exact', 'PathPrefix', 'RegularExpression'])
    .nullish()
    .transform((type) => type ?? 'PathPrefix'),
  value: text(1024)
    .nullish()
    .transform((value) => value ?? '/'),
});

const queryMatch = headerMatch.extend({
  /** Unlike that of a header, the case of a parameter's name counts. */
  name: z.string().min(1).max(256),
});

const httpMatch = z.object({
  path: pathMatch.nullish().transform((given) => given ?? { type: 'PathPrefix' as const, value: '/' }),
  headers: listOf(headerMatch, limits.conditionsOfMatch),
  queryParams: listOf(queryMatch, limits.conditionsOfMatch),
  method: z
    .string()
    .regex(/^[A-Z]{1,32}$/)
    .nullish(),
});
export type HttpMatch = z.output<typeof httpMatch>;
export type QueryCondition = z.output<typeof queryMatch>;

export type HttpRoute = RouteObject<HttpMatch> & { kind: 'HTTPRoute' };

export const readHttpRoute: (object: unknown) => HttpRoute | undefined = routeReader('HTTPRoute', httpMatch);
