import * as z from 'zod';
import { limits } from '../limits.ts';
import { reader, type Read } from './read.ts';

/** A ConfigMap, of which only certificates of authorities are kept. */
export type ConfigMap = Read<{ caPem: string | undefined }>;

const form = z.object({
  data: z.object({ 'ca.crt': z.string().max(limits.pemCharacters).nullish() }).nullish(),
});

export const readConfigMap = reader(
  'ConfigMap',
  form,
  ({ data }) => ({ caPem: data?.['ca.crt'] ?? undefined }),
  () => ({ caPem: undefined }),
);
