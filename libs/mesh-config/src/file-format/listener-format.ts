import * as z from 'zod';
import type { Listener } from '../mesh-config.ts';
import { routes } from './route-format.ts';
import { listenerTls } from './tls-format.ts';
import { ip, name, whole } from './values.ts';

/** The form of listeners. */

/** RFC 6454 §6.2, as browsers send it: no path, no default port. */
const origin = z.string().regex(/^(\*|https?:\/\/[^/\s,*@?#A-Z]{1,253})$/, {
  error: 'must be * or an origin in lower case, such as https://shop.example.org',
});

export const listener = z
  .strictObject({
    name,
    address: ip.prefault('0.0.0.0'),
    port: whole(0, 65_535).describe('0 = any free one, which only our own proxy can do'),
    routes: z
      .exactOptional(routes)
      .describe('What this listener alone routes; absent = the routes of the whole config'),
    tls: z.exactOptional(listenerTls),
    http1: z.boolean().prefault(false).describe('Takes HTTP/1.1 too, for plain HTTP'),
    grpcWeb: z.boolean().prefault(false).describe('Takes gRPC-Web too'),
    corsOrigins: z
      .array(origin)
      .max(100)
      .prefault([])
      .describe('Pages of these origins may call by gRPC-Web; * = of all'),
    proxyProtocol: z
      .boolean()
      .prefault(false)
      .describe('Every connection begins with a PROXY protocol header, v1 or v2'),
    trustForwarded: z
      .boolean()
      .prefault(false)
      .describe('Clients are proxies of ours: x-forwarded-* of theirs is kept and added to'),
    normalizePath: z
      .boolean()
      .prefault(true)
      .describe('Paths that are no /package.Service/Method are brought to one form, to match and to pass on'),
    encodedSlashes: z
      .enum(['refuse', 'keep'])
      .prefault('refuse')
      .describe('What normalizePath does about %2F, %5C and a backslash in a path'),
  })
  .refine(({ corsOrigins, grpcWeb }) => grpcWeb || corsOrigins.length === 0, {
    error: 'must have grpcWeb: true, for there are corsOrigins',
  })
  .describe('A port that calls come in by: of the proxy, or of an Envoy') satisfies z.ZodType<Listener>;

/** What a listener does that says nothing but where it listens. */
export const listenerDefaults = {
  http1: false,
  grpcWeb: false,
  corsOrigins: [],
  proxyProtocol: false,
  trustForwarded: false,
  normalizePath: true,
  encodedSlashes: 'refuse',
} as const satisfies Partial<Listener>;
