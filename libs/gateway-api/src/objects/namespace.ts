import * as z from 'zod';
import { reader, type Read } from './read.ts';

/** A namespace, by whose labels listeners select routes. */
export type KubernetesNamespace = Read<{ labels: Readonly<Record<string, string>> }>;

export const readNamespace = reader(
  'Namespace',
  z.object({}),
  (_, { labels }) => ({ labels: labels ?? {} }),
  () => ({ labels: {} }),
);
