import * as z from 'zod';
import { reader, textMap, type Read } from '@evenly/gateway-api';

/** What a namespace says of injection: service meshes read its labels and annotations. */
export type NamespaceObject = Read<{
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}>;

const form = z.object({ metadata: z.object({ labels: textMap, annotations: textMap }) });

export const readNamespaceObject: (object: unknown) => NamespaceObject | undefined = reader(
  'Namespace',
  form,
  ({ metadata: { labels, annotations } }) => ({ labels, annotations }),
  () => ({ labels: {}, annotations: {} }),
);
