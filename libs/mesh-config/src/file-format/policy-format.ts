import * as z from 'zod';
import { grpcCodes, retryableCodes } from '../grpc-code.ts';
import {
  loadBalancings,
  upstreamSchemes,
  zonePreferences,
  type Hedge,
  type Policy,
  type Retry,
} from '../policy.ts';
import { ranges } from '../ranges.ts';
import { duration, percent, unique, whole, wholeWithin, within } from './values.ts';

/** The form of `policy:` in files. Defaults are Envoy's where it has one. */

/** A field name of HTTP/2 is in lower case (RFC 9113 §8.2); `-bin` headers are not matched by gRPC (gRFC A28). */
export const headerName = z
  .string()
  .max(128)
  .regex(/^(?!.*-bin$)[a-z0-9!#$%&'*+.^_`|~-]+$/, {
    error: 'must be the name of a header: lower case, not beginning with ":" and not ending in "-bin"',
  });

export const retry = z
  .strictObject({
    attempts: wholeWithin(ranges.attempts).describe('Calls in all, the first one included'),
    perTryTimeout: z
      .exactOptional(duration())
      .describe('Deadline of each attempt, which is tried again then; absent = none'),
    on: z
      .array(z.enum(retryableCodes))
      .min(1)
      .max(retryableCodes.length)
      .prefault(['UNAVAILABLE'])
      .describe('Status codes that are tried again'),
    backoff: z
      .strictObject({ base: duration().prefault('25ms'), max: duration().prefault('250ms') })
      .prefault({})
      .refine(({ base, max }) => base <= max, { error: 'must have a base that is not more than its max' })
      .describe('Random waits up to base × 2ⁿ⁻¹, at most max'),
  })
  .transform(({ perTryTimeout, backoff, ...rest }): Retry => ({
    ...rest,
    ...(perTryTimeout === undefined ? {} : { perTryTimeoutMs: perTryTimeout }),
    backoff: { baseMs: backoff.base, maxMs: backoff.max },
  }));

export const hedge = z
  .strictObject({
    attempts: wholeWithin(ranges.attempts).describe('Attempts of one call in all, the first one included'),
    delay: duration(0).prefault('0ms').describe('From one attempt to the next; 0ms = all at once'),
    nonFatal: z
      .array(z.enum(grpcCodes).exclude(['OK']))
      .max(grpcCodes.length)
      .prefault(['UNAVAILABLE'])
      .describe('Status codes that do not end a call of which other attempts go on'),
  })
  .transform(({ delay, ...rest }): Hedge => ({ ...rest, delayMs: delay }))
  .describe('Several attempts at a time, of which the first response counts; not together with retry');

/** For a policy, and for a route. */
export const notBoth = ({ retry: again, hedge: several }: { retry?: Retry; hedge?: Hedge }) =>
  again === undefined || several === undefined;
export const notBothFault = { error: 'must have one of retry and hedge, not both', path: ['hedge'] };

export const timeout = duration().describe(
  'For a whole call, retries included; absent = only the caller’s deadline',
);

const most = (described: string, fallback = 1024) =>
  wholeWithin(ranges.circuitBreaker).prefault(fallback).describe(described);

const circuitBreaker = z
  .strictObject({
    maxRequests: most('Calls under way'),
    maxPendingRequests: most('Calls that wait for a connection'),
    maxConnections: most('Connections'),
    maxRetries: most('Retries under way', 3),
  })
  .describe('What may be under way at a time; more is refused at once. 0 = nothing');

const ejection = {
  enforcementPercent: percent.prefault(100).describe('Share of the detected that are really ejected'),
  minimumHosts: wholeWithin(ranges.minimumHosts)
    .prefault(5)
    .describe('Only with so many endpoints that have enough calls'),
};

const outlierDetection = z
  .strictObject({
    consecutiveFailures: wholeWithin(ranges.consecutiveFailures)
      .prefault(5)
      .describe('Failed calls in a row; 0 = not looked at'),
    failureCodes: z.exactOptional(
      z
        .array(z.enum(grpcCodes).exclude(['OK']))
        .min(1)
        .max(grpcCodes.length - 1)
        .superRefine(unique((code) => code))
        .describe(
          'Status codes that count as failed; absent = UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS',
        ),
    ),
    interval: duration().prefault('10s').describe('Time between two looks'),
    baseEjectionTime: duration().prefault('30s').describe('The n-th ejection in a row lasts n times this'),
    maxEjectionTime: duration().prefault('5m'),
    maxEjectionPercent: percent.prefault(10).describe('Of all endpoints; one may always be ejected'),
    successRate: z.exactOptional(
      z
        .strictObject({
          stdevFactor: within(ranges.stdevFactor)
            .prefault(1.9)
            .describe('Standard deviations below the mean'),
          ...ejection,
          requestVolume: wholeWithin(ranges.requestVolume)
            .prefault(100)
            .describe('Calls in an interval that are enough'),
        })
        .describe('Ejects who succeeds less than the others'),
    ),
    failurePercentage: z.exactOptional(
      z
        .strictObject({
          thresholdPercent: percent.prefault(85).describe('Share of failed calls above which it is ejected'),
          ...ejection,
          requestVolume: wholeWithin(ranges.requestVolume)
            .prefault(50)
            .describe('Calls in an interval that are enough'),
        })
        .describe('Ejects who fails more than a share of calls'),
    ),
  })
  .refine(({ baseEjectionTime, maxEjectionTime }) => baseEjectionTime <= maxEjectionTime, {
    error: 'must have a baseEjectionTime that is not more than its maxEjectionTime',
  })
  .transform(({ interval, baseEjectionTime, maxEjectionTime, ...rest }) => ({
    ...rest,
    intervalMs: interval,
    baseEjectionTimeMs: baseEjectionTime,
    maxEjectionTimeMs: maxEjectionTime,
  }))
  .describe('Endpoints that fail more than others get no calls for a while');

const slowStart = z
  .strictObject({
    window: duration().describe('Until a new endpoint gets its full share'),
    aggression: within(ranges.aggression).prefault(1).describe('1 = evenly, more = faster at first'),
    minWeightPercent: percent.prefault(10).describe('The share at the beginning'),
  })
  .transform(({ window, ...rest }) => ({ windowMs: window, ...rest }))
  .describe('A new endpoint gets its full share of calls only after a while');

export const policy = z
  .strictObject({
    loadBalancing: z
      .enum(loadBalancings)
      .prefault('round-robin')
      .describe('Which endpoint gets the next call'),
    hashHeader: z.exactOptional(headerName).describe('With ring-hash: the header that keeps calls together'),
    timeout: z.exactOptional(timeout),
    retry: z.exactOptional(retry),
    hedge: z.exactOptional(hedge),
    circuitBreaker: z.exactOptional(circuitBreaker),
    outlierDetection: z.exactOptional(outlierDetection),
    zonePreference: z
      .enum(zonePreferences)
      .prefault('none')
      .describe("How the caller's own zone is preferred"),
    subsetting: z
      .exactOptional(z.strictObject({ size: whole(1, 10_000).describe('Endpoints a client gets') }))
      .describe('Each client gets only some of many endpoints'),
    slowStart: z.exactOptional(slowStart),
    panicThresholdPercent: percent
      .prefault(50)
      .describe('When fewer endpoints than this are healthy, all get calls again; 0 = never'),
    scheme: z
      .exactOptional(z.enum(upstreamSchemes))
      .describe(
        "What endpoints get as :scheme: the client's (keep), or http or https as the proxy calls them",
      ),
  })
  .refine(({ loadBalancing, hashHeader }) => (loadBalancing === 'ring-hash') === (hashHeader !== undefined), {
    error: 'must have hashHeader with loadBalancing ring-hash, and only then',
  })
  .refine(notBoth, notBothFault)
  .transform(({ timeout: timeoutMs, ...rest }): Policy => ({
    ...rest,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }))
  .describe('How calls to the service are treated');

/** The policy of a service that says nothing about it. */
export const defaultPolicy: Policy = policy.parse({});
