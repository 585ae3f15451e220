import * as z from 'zod';
import { grpcCodes } from '../grpc-code.ts';
import { regexFault } from '../regex.ts';
import { normalAuthority } from '../routing/normal-authority.ts';
import { redirectStatuses, type PathChange } from '../redirect.ts';
import type { PathMatch } from '../path-match.ts';
import type { Destination, Fault, HeaderMatch, QueryMatch, Route } from '../route.ts';
import { requestHeaders, responseHeaders } from './header-changes-format.ts';
import { headerName, hedge, notBoth, notBothFault, retry, timeout } from './policy-format.ts';
import { sessionPersistence } from './session-format.ts';
import { duration, name, oneOf, percent, port, text, whole } from './values.ts';

/** The form of `routes:` in files. */

const pattern = text(1024)
  .superRefine((value, context) => {
    const reason = regexFault(value);
    if (reason !== undefined)
      context.addIssue({ code: 'custom', message: `must be a regular expression of RE2: ${reason}` });
  })
  .describe('RE2 syntax, of the whole value');

/** A query is no part of a gRPC path, so a path with one would never match. */
const path = z
  .string()
  .max(1024)
  .regex(/^\/[^?#\s]*$/, { error: 'must begin with "/" and have no query' });
export const prefix = z
  .string()
  .max(1024)
  .regex(/^(\/[^?#\s]*)?$/, { error: 'must be empty or begin with "/", without a query' });

const segments = z
  .string()
  .max(1024)
  .regex(/^(\/[^?#/\s]+)+$/, { error: 'must be segments such as /shop/cart, without a "/" at the end' });

const pathMatch = oneOf({
  exact: z.exactOptional(path),
  prefix: z.exactOptional(prefix),
  segments: z.exactOptional(segments).describe('A prefix that ends where a segment does'),
  regex: z.exactOptional(pattern),
})
  .transform(({ exact, prefix: begin, segments: whole, regex }): PathMatch => {
    if (whole !== undefined) return { kind: 'segments', value: whole };
    if (exact !== undefined) return { kind: 'exact', value: exact };
    return begin !== undefined ? { kind: 'prefix', value: begin } : { kind: 'regex', value: regex! };
  })
  .prefault({ prefix: '' })
  .describe('Of the path, such as /echo.EchoServer/SayHello: exactly one of these');

/** Visible ASCII, with blanks inside: what a gRPC metadata value can be (gRPC over HTTP/2, "ASCII-Value"). */
const headerValue = z
  .string()
  .max(1024)
  .regex(/^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)$/, {
    error: 'must be printable ASCII, not empty, without blanks at the ends',
  });

const headerMatch = oneOf(
  {
    name: headerName,
    exact: z.exactOptional(headerValue),
    prefix: z.exactOptional(headerValue),
    regex: z.exactOptional(pattern),
    present: z.exactOptional(z.literal(true)),
    invert: z.boolean().prefault(false).describe('Holds when the condition does not'),
  },
  ['name', 'invert'],
).transform(({ name: header, exact, prefix: begin, regex, invert }): HeaderMatch => {
  const common = { name: header, invert };
  if (exact !== undefined) return { ...common, kind: 'exact', value: exact };
  if (begin !== undefined) return { ...common, kind: 'prefix', value: begin };
  return regex !== undefined ? { ...common, kind: 'regex', value: regex } : { ...common, kind: 'present' };
});

const queryMatch = oneOf(
  {
    name: text(256).describe('Of a parameter, with its case'),
    exact: z.exactOptional(z.string().max(1024)),
    regex: z.exactOptional(pattern),
  },
  ['name'],
).transform(({ name: parameter, exact, regex }): QueryMatch =>
  exact === undefined
    ? { name: parameter, kind: 'regex', value: regex! }
    : { name: parameter, kind: 'exact', value: exact },
);

const hostname = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, { error: 'must be a host name in lower case, without a port' });

/** Of a URI as it goes out: visible ASCII, so that no `location` can be made of two lines. */
const replacement = (form: RegExp, error: string) => z.string().max(1024).regex(form, { error });
const pathChange = oneOf({
  full: z.exactOptional(
    replacement(/^\/[\x21-\x7e]*$/, 'must begin with "/"').describe('Instead of the whole path'),
  ),
  prefix: z.exactOptional(
    replacement(/^(\/[\x21-\x7e]*)?$/, 'must be empty or begin with "/"').describe(
      'Instead of what match.path holds for, a prefix or segments',
    ),
  ),
}).transform(({ full, prefix: begin }): PathChange =>
  full === undefined ? { kind: 'prefix', value: begin! } : { kind: 'full', value: full },
);

const redirect = z
  .strictObject({
    status: z.literal(redirectStatuses).prefault(302).describe('Of the response'),
    scheme: z.exactOptional(z.enum(['http', 'https'])),
    hostname: z.exactOptional(hostname),
    port: z
      .exactOptional(port)
      .describe('Absent = with scheme or hostname none, else the one of the request’s authority'),
    path: z.exactOptional(pathChange),
  })
  .describe('Where a client is told to ask instead; absent fields are as the request has them');

const rewrite = z
  .strictObject({ hostname: z.exactOptional(hostname), path: z.exactOptional(pathChange) })
  .describe('What endpoints are asked for; absent fields are as the request has them');

const authority = z
  .string()
  .max(259)
  .regex(/^((\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(:\d{1,5})?$/, {
    error: 'must be a host or host:port, or with *. instead of the first labels',
  })
  .refine((value) => Number(/:(\d+)$/.exec(value)?.[1] ?? 0) <= 65_535, {
    error: 'must have a port up to 65535',
  })
  .transform((value) => normalAuthority(value).authority)
  .describe(
    'Such as be1-srv, be1-srv:8080 or *.example.com; without a port it holds for every port; absent = any',
  );

const match = z
  .strictObject({
    authority: z.exactOptional(authority),
    path: pathMatch,
    method: z
      .exactOptional(
        z.string().regex(/^[A-Z]{1,32}$/, { error: 'must be an HTTP method in upper case, such as POST' }),
      )
      .describe('Of HTTP; absent = any'),
    query: z.exactOptional(z.array(queryMatch).max(32)).describe('Of parameters of the query'),
    headers: z.array(headerMatch).max(32).prefault([]),
  })
  .prefault({})
  .describe('Every condition must hold');

const destination = oneOf(
  {
    service: z.exactOptional(name),
    refuse: z
      .exactOptional(z.literal(true))
      .describe('Instead of a service: these calls end with UNAVAILABLE, or HTTP’s 500'),
    subset: z.exactOptional(name),
    weight: whole(0, 1_000_000).prefault(1).describe('Relative to the others'),
    requestHeaders: z.exactOptional(requestHeaders),
    responseHeaders: z.exactOptional(responseHeaders),
  },
  ['subset', 'weight', 'requestHeaders', 'responseHeaders'],
)
  .refine(({ refuse, weight: _, ...others }) => refuse === undefined || Object.keys(others).length === 0, {
    error: 'must have nothing but a weight beside refuse',
  })
  .transform(({ service, subset, refuse: _, ...rest }): Destination => {
    if (service === undefined) return { refuse: true, weight: rest.weight };
    return { service, ...(subset === undefined ? {} : { subset }), ...rest };
  });

const mirror = z.strictObject({
  service: name,
  subset: z.exactOptional(name),
  percent: percent.prefault(100).describe('Of the calls'),
});

/** Each is a call more. */
const maxMirrors = 8;

const share = percent.prefault(100).describe('Of the calls');

const fault = z
  .strictObject({
    delay: z.exactOptional(z.strictObject({ duration: duration(), percent: share })),
    abort: z.exactOptional(
      z.strictObject({
        code: z.enum(grpcCodes).exclude(['OK']).describe('Status of the response'),
        percent: share,
      }),
    ),
  })
  .refine(({ delay, abort }) => delay !== undefined || abort !== undefined, {
    error: 'must have delay or abort',
  })
  .transform(({ delay, abort }): Fault => ({
    ...(delay === undefined ? {} : { delay: { durationMs: delay.duration, percent: delay.percent } }),
    ...(abort === undefined ? {} : { abort }),
  }))
  .describe('Faults on purpose');

const route = z
  .strictObject({
    name: z.exactOptional(name).describe('For logs and metrics; unique in its list'),
    match,
    to: z
      .exactOptional(z.array(destination).min(1).max(100))
      .describe('A call goes to one of these by weight; required unless there is a redirect'),
    redirect: z.exactOptional(redirect),
    rewrite: z.exactOptional(rewrite),
    timeout: z.exactOptional(timeout),
    retry: z.exactOptional(retry),
    hedge: z.exactOptional(hedge),
    fault: z.exactOptional(fault),
    hashHeader: z.exactOptional(headerName).describe("Instead of the service's own"),
    sessionPersistence: z.exactOptional(sessionPersistence),
    requestHeaders: z.exactOptional(requestHeaders),
    responseHeaders: z.exactOptional(responseHeaders),
    mirrors: z
      .exactOptional(z.array(mirror).min(1).max(maxMirrors))
      .describe('Who gets copies of the calls; nobody waits for what they answer'),
  })
  .refine(notBoth, notBothFault)
  .refine(({ to, redirect: elsewhere }) => (to === undefined) !== (elsewhere === undefined), {
    error: 'must have to or a redirect, and not both',
  })
  .refine(({ redirect: elsewhere, rewrite: changed }) => elsewhere === undefined || changed === undefined, {
    error: 'must have a redirect or a rewrite, not both',
  })
  .refine(({ redirect: elsewhere, sessionPersistence: session }) => !elsewhere || !session, {
    error: 'must have a redirect or sessionPersistence, not both: a redirect goes to no endpoint',
  })
  .refine(({ match: { path: matched }, redirect: elsewhere, rewrite: changed }) => {
    const change = (elsewhere ?? changed)?.path;
    return change?.kind !== 'prefix' || matched.kind === 'prefix' || matched.kind === 'segments';
  }, 'must match the path by prefix or segments to have that replaced')
  .transform(({ timeout: timeoutMs, to = [], ...rest }): Route => ({
    ...rest,
    to,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }));

/** The check for shadowed routes compares each with all before it. */
export const routes = z.array(route).max(2000).describe('The first that matches wins');
