import * as z from 'zod';
import { limits } from '../limits.ts';
import { reader, type Read } from './read.ts';
import { group, kind, listOf, name } from './values.ts';

/** Allows that objects elsewhere refer to some of its namespace. */
export type ReferenceGrant = Read<{
  from: readonly { group: string; kind: string; namespace: string }[];
  /** Without a name: all of the kind. */
  to: readonly { group: string; kind: string; name: string | undefined }[];
}>;

const form = z.object({
  spec: z.object({
    from: listOf(z.object({ group, kind, namespace: name }), limits.grants),
    to: listOf(
      z.object({ group, kind, name: name.nullish().transform((given) => given ?? undefined) }),
      limits.grants,
    ),
  }),
});

/** One that cannot be read allows nothing. */
export const readReferenceGrant = reader(
  'ReferenceGrant',
  form,
  ({ spec }) => spec,
  () => ({ from: [], to: [] }),
);
