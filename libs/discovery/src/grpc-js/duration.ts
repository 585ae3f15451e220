import * as z from 'zod';

const error = 'must be a duration such as "10s" or "0.5s"';

/** As in proto3's JSON: `"10s"`, `"0.5s"`. In milliseconds. */
export const duration = z
  .string({ error })
  .regex(/^\d{1,6}(\.\d{1,9})?s$/, { error })
  .transform((text) => Number(text.slice(0, -1)) * 1000);
