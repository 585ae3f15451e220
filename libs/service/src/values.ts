import * as z from 'zod';
import { parseDuration } from './duration.ts';

/** Schemas from an option's text to its value. Each error says what was expected, not only that it was wrong. */

const wholeNumber = (min: number, max: number, what: string) =>
  z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: (issue) => `expected ${what} from ${min} to ${max}, got ${JSON.stringify(issue.input)}`,
    })
    .transform(Number);

/** A TCP or UDP port; 0 means any free one. */
export const port = () => wholeNumber(0, 65_535, 'a port');

export const count = (min: number, max: number) => wholeNumber(min, max, 'a whole number');

/** A Go duration; the value is in milliseconds. */
export const duration = (minMs = 0, maxMs = 24 * 3_600_000) =>
  z
    .string()
    .refine(
      (text) => {
        const ms = parseDuration(text);
        return ms !== undefined && ms >= minMs && ms <= maxMs;
      },
      {
        error: (issue) =>
          `expected a duration such as 300ms, 10s or 1m30s, from ${minMs}ms to ${maxMs}ms, got ${JSON.stringify(issue.input)}`,
      },
    )
    .transform((text) => parseDuration(text)!);

/** A share from 0 to 1. */
export const ratio = () =>
  z
    .string()
    .refine((text) => /^(0(\.\d+)?|1(\.0+)?)$/.test(text), {
      error: (issue) => `expected a number from 0 to 1, got ${JSON.stringify(issue.input)}`,
    })
    .transform(Number);

export const text = () => z.string().min(1, { error: 'must not be empty' });

/** Comma-separated, blanks around the commas ignored; an empty text is an empty list. */
export const list = () =>
  z.string().transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, {
    error: (issue) => `expected one of ${values.join(', ')}, got ${JSON.stringify(issue.input)}`,
  });

/** A flag: `--name`, or `true`/`false` in the environment. */
export const flag = () => oneOf(['true', 'false']).transform((value) => value === 'true');
