import { isIP } from 'node:net';
import * as z from 'zod';
import { durationPattern, formatDuration, parseDuration } from '../duration.ts';
import { ranges, type Range } from '../ranges.ts';

/** Schemas of single values. Messages say what was expected; what was found is added to them (explain.ts). */

/** Long enough for a DNS name (RFC 1035 §2.3.4). */
const maxName = 253;

/** Of services, subsets, routes and listeners: what can be part of an xDS resource's name and of an authority. */
export const name = z
  .string()
  .max(maxName)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, {
    error: 'must have letters, digits, "-", "_" and "." only, with a letter or digit at both ends',
  });

/**
 * Kubernetes' rule for the names of namespaces, Services and their ports: RFC 1123 labels. The 15 characters with a
 * letter among them are the rule of container ports.
 */
export const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const text = (max = maxName) => z.string().min(1).max(max);

/** Of what is not known: may be empty. */
export const maybeText = (max = maxName) => z.string().max(max);

/** A path: absolute, or relative to the directory of the config. */
export const file = text(4096);

export const whole = (min: number, max: number) => z.int().min(min).max(max);

export const within = ({ min, max }: Range) => z.number().min(min).max(max);

export const wholeWithin = ({ min, max }: Range) => whole(min, max);

export const percent = within(ranges.percent);

export const port = whole(1, 65_535);

export const ip = z.string().refine((address) => isIP(address) > 0, {
  error: 'must be an IP address; a dnsA source takes names',
  abort: true,
});

/** `30ms`, `10s`, `1m30s` → milliseconds, a whole number of them. */
export const duration = (minMs: number = ranges.durationMs.min, maxMs: number = ranges.durationMs.max) =>
  z
    .string()
    .regex(durationPattern, { error: 'must be a duration such as 300ms, 10s or 1m30s', abort: true })
    .refine(
      (value) => {
        const ms = parseDuration(value);
        return Number.isInteger(ms) && ms >= minMs && ms <= maxMs;
      },
      {
        error: `must be a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, in whole milliseconds`,
      },
    )
    .transform(parseDuration);

/** For a list of which no two entries may have the same key. */
export const unique =
  <T>(keyOf: (item: T) => string, field?: string) =>
  (list: readonly T[], context: z.RefinementCtx) => {
    const first = new Map<string, number>();
    list.forEach((item, index) => {
      const earlier = first.get(keyOf(item));
      first.set(keyOf(item), earlier ?? index);
      if (earlier === undefined) return;
      const path = field === undefined ? [index] : [index, field];
      context.addIssue({
        code: 'custom',
        path,
        message: `is there twice: "${keyOf(item)}" is also entry [${earlier}]`,
      });
    });
  };

/** An object of which exactly one of the optional fields is there: `source: { dnsSrv: … }`. */
export function oneOf<S extends z.ZodRawShape>(shape: S, others: readonly string[] = []) {
  const keys = Object.keys(shape).filter((key) => !others.includes(key));
  return z
    .strictObject(shape)
    .refine((value) => keys.filter((key) => key in value).length === 1, {
      error: `must have exactly one of ${keys.join(', ')}`,
      abort: true,
    })
    .meta({ oneOf: keys.map((key) => ({ required: [key] })) }); // the same for the JSON Schema
}
