import * as z from 'zod';
import { ranges } from '../ranges.ts';
import {
  cookieNameFault,
  cookiePathFault,
  sessionHeaderFault,
  type SessionPersistence,
} from '../session-persistence.ts';
import { duration, oneOf } from './values.ts';

/** The form of `sessionPersistence:` of a route. */

/** A text of which this says what is wrong with it. */
const textWithout = (faultOf: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const message = faultOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

const cookie = z.strictObject({
  name: textWithout(cookieNameFault),
  path: z
    .exactOptional(textWithout(cookiePathFault))
    .describe('With which requests clients send it; absent = with those that match.path is about'),
  permanent: z
    .boolean()
    .prefault(false)
    .describe('Clients keep it when they end, until absoluteTimeout, which is required then'),
});

export const sessionPersistence = oneOf(
  {
    cookie: z.exactOptional(cookie),
    header: z.exactOptional(z.strictObject({ name: textWithout(sessionHeaderFault) })),
    absoluteTimeout: z
      .exactOptional(duration(ranges.sessionTimeoutMs.min, ranges.sessionTimeoutMs.max))
      .describe('A session ends so long after it began; absent = never by itself'),
  },
  ['absoluteTimeout'],
)
  .refine(({ cookie: given, absoluteTimeout }) => !given?.permanent || absoluteTimeout !== undefined, {
    error: 'must have an absoluteTimeout with a permanent cookie',
  })
  .transform(({ cookie: inCookie, header: inHeader, absoluteTimeout }): SessionPersistence => {
    const lifetime = absoluteTimeout === undefined ? {} : { absoluteTimeoutMs: absoluteTimeout };
    return inCookie === undefined
      ? { kind: 'header', ...inHeader!, ...lifetime }
      : { kind: 'cookie', ...inCookie, ...lifetime };
  })
  .describe('Calls of one session go to one endpoint, which a cookie or a header names');
