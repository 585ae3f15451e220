import * as z from 'zod';
import { limits } from '../limits.ts';
import { headerName } from './filters.ts';
import { routeReader, type RouteObject } from './route.ts';
import { listOf, text } from './values.ts';

const matchType = z
  .enum(['Exact', 'RegularExpression'])
  .nullish()
  .transform((type) => type ?? 'Exact');

export const headerMatch = z.object({ type: matchType, name: headerName, value: text(4096).min(1) });
export type HeaderCondition = z.output<typeof headerMatch>;

const maybe = text(1024)
  .nullish()
  .transform((given) => (given === '' ? undefined : (given ?? undefined)));

const grpcMatch = z.object({
  method: z.object({ type: matchType, service: maybe, method: maybe }).nullish(),
  headers: listOf(headerMatch, limits.conditionsOfMatch),
});
export type GrpcMatch = z.output<typeof grpcMatch>;

export type GrpcRoute = RouteObject<GrpcMatch> & { kind: 'GRPCRoute' };

export const readGrpcRoute: (object: unknown) => GrpcRoute | undefined = routeReader('GRPCRoute', grpcMatch);
