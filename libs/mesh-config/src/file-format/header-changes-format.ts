import * as z from 'zod';
import {
  changedNameFault,
  changedValueFault,
  headerChangeLimits,
  type HeaderChanges,
} from '../header-changes.ts';
import { unique } from './values.ts';

/** The form of what becomes of header fields. */

const fieldName = z.string().superRefine((name, context) => {
  const message = changedNameFault(name);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const fieldValue = z.strictObject({ name: fieldName, value: z.string() }).superRefine((field, context) => {
  const message = changedValueFault(field.name, field.value);
  if (message !== undefined) context.addIssue({ code: 'custom', path: ['value'], message });
});

const { fields } = headerChangeLimits;

const headerChanges = z.strictObject({
  set: z.exactOptional(
    z
      .array(fieldValue)
      .max(fields)
      .superRefine(unique(({ name }) => name, 'name')),
  ),
  add: z.exactOptional(z.array(fieldValue).max(fields)),
  remove: z.exactOptional(
    z
      .array(fieldName)
      .max(fields)
      .superRefine(unique((name) => name)),
  ),
}) satisfies z.ZodType<HeaderChanges>;

export const requestHeaders = headerChanges.describe(
  'Of what goes to an endpoint: remove goes first, then set, then add',
);
export const responseHeaders = headerChanges.describe('The same of what an endpoint answers');
