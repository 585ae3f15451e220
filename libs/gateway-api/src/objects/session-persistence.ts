import * as z from 'zod';
import { duration } from './values.ts';

/** `sessionPersistence` of a rule (GEP-1619, experimental channel). */
export const sessionPersistence = z
  .object({
    /** Of the cookie, or of the header; none = one that is this rule's own. */
    sessionName: z.string().min(1).max(128).nullish(),
    type: z.enum(['Cookie', 'Header']).nullish(),
    absoluteTimeout: duration.nullish(),
    /** Of definitions before v1.6. */
    idleTimeout: z.unknown().optional(),
    cookieConfig: z.object({ lifetimeType: z.enum(['Permanent', 'Session']).nullish() }).nullish(),
  })
  .transform(({ sessionName, type, absoluteTimeout, idleTimeout, cookieConfig }) => ({
    sessionName: sessionName ?? undefined,
    type: type ?? 'Cookie',
    absoluteTimeoutMs: absoluteTimeout ?? undefined,
    hasIdleTimeout: idleTimeout !== undefined && idleTimeout !== null,
    lifetimeType: cookieConfig && (cookieConfig.lifetimeType ?? 'Session'),
  }));
export type SessionPersistenceObject = z.output<typeof sessionPersistence>;
