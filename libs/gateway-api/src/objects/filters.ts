import * as z from 'zod';
import { limits } from '../limits.ts';
import { backendReference, hostname, listOf, port, text } from './values.ts';

/** What is done to a request on its way, of GRPCRoutes and HTTPRoutes. */

export const headerName = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/, { error: 'must be the name of a header' })
  .transform((given) => given.toLowerCase());

const headerValue = z
  .string()
  .max(4096)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: 'must not have control characters' });

const header = z.object({ name: headerName, value: headerValue });

const headerChanges = z.object({
  set: listOf(header, limits.headersOfFilter),
  add: listOf(header, limits.headersOfFilter),
  remove: listOf(headerName, limits.headersOfFilter),
});

const mirror = z.object({
  backendRef: backendReference,
  percent: z.int().min(0).max(100).nullish(),
  fraction: z
    .object({
      numerator: z.int().min(0),
      denominator: z
        .int()
        .min(1)
        .nullish()
        .transform((given) => given ?? 100),
    })
    .nullish(),
});

const path = text(1024);
const pathChange = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ReplaceFullPath'), replaceFullPath: path }),
  z.object({ type: z.literal('ReplacePrefixMatch'), replacePrefixMatch: path }),
]);

const redirect = z.object({
  scheme: z.enum(['http', 'https']).nullish(),
  hostname: hostname.nullish(),
  path: pathChange.nullish(),
  port: port.nullish(),
  statusCode: z
    .union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)])
    .nullish(),
});

const rewrite = z.object({ hostname: hostname.nullish(), path: pathChange.nullish() });

/** `type` says which of the fields counts; a type that is none of these is not supported. */
export const filter = z.union([
  z.object({ type: z.literal('RequestHeaderModifier'), requestHeaderModifier: headerChanges }),
  z.object({ type: z.literal('ResponseHeaderModifier'), responseHeaderModifier: headerChanges }),
  z.object({ type: z.literal('RequestMirror'), requestMirror: mirror }),
  z.object({ type: z.literal('RequestRedirect'), requestRedirect: redirect }),
  z.object({ type: z.literal('URLRewrite'), urlRewrite: rewrite }),
  z
    .object({ type: z.string().max(63) })
    .transform(({ type }) => ({ type: 'unsupported' as const, name: type })),
]);

export type Filter = z.output<typeof filter>;
export type HeaderFilter = z.output<typeof headerChanges>;
export type MirrorFilter = z.output<typeof mirror>;
export type PathChange = z.output<typeof pathChange>;
export type RedirectFilter = z.output<typeof redirect>;
export type RewriteFilter = z.output<typeof rewrite>;
export const filters = listOf(filter, limits.filters);
