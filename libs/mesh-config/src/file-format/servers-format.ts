import * as z from 'zod';
import { serverSecurities, type AllowedCalls, type Servers } from '../servers.ts';
import { unique } from './values.ts';

/** The form of what a service's own gRPC servers are told. */

/** As long as a SPIFFE ID may be. */
const maxIdentity = 2048;

/** Only whole parts of a name: `spiffe://example.org*` would be `spiffe://example.org.elsewhere` too. */
const identity = z
  .string()
  .max(maxIdentity)
  .regex(/^(\*|[^*\s]+(\/\*)?)$/, {
    error:
      'must be a name of a certificate, such as spiffe://example.org/ns/shop/sa/web, or end in "/*", or be "*"',
  });

const identities = z.array(identity).min(1).max(100).superRefine(unique(String));

const method = z
  .string()
  .max(1024)
  .regex(/^\/([A-Za-z_][\w.]*\/([A-Za-z_]\w*|\*)|[A-Za-z_][\w.]*\.\*)$/, {
    error: 'must be /package.Service/Method, /package.Service/* or /package.*',
  });

const allowed = z.strictObject({
  clients: z.exactOptional(identities).describe("Names of the client's certificate; absent = everybody"),
  methods: z
    .exactOptional(z.array(method).min(1).max(100).superRefine(unique(String)))
    .describe('Absent = all'),
}) satisfies z.ZodType<AllowedCalls>;

export const servers = z
  .strictObject({
    security: z.enum(serverSecurities).describe('What connections have to be'),
    identities: z
      .exactOptional(identities)
      .describe(
        "What the servers' certificates are for, and clients make sure of; required but for security none",
      ),
    allow: z
      .exactOptional(z.array(allowed).max(100))
      .describe('Calls that are let in; absent = all, empty = none'),
  })
  .superRefine(({ security, identities: own, allow = [] }, context) => {
    const fault = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (security === 'none' && own !== undefined)
      fault(['identities'], 'must be absent with security none, which sends clients none');
    if (security !== 'none' && own === undefined)
      fault([], 'must have identities: what the certificates of these servers are for');
    if (security === 'mtls') return;
    allow.forEach(({ clients }, index) => {
      if (clients !== undefined)
        fault(
          ['allow', index, 'clients'],
          `must be absent with security ${security}, by which servers do not learn who calls`,
        );
    });
  })
  .transform(({ identities: own = [], ...rest }): Servers => ({ ...rest, identities: own }))
  .describe('How the gRPC servers of the service serve that ask for it by xDS (gRFC A36)');
