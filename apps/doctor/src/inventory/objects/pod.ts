import * as z from 'zod';
import { listOf, reader, type Read } from '@evenly/gateway-api';
import { noPodSpec, podForm, podSpecOf, type PodSpec } from './pod-spec.ts';

export type Pod = Read<{
  pods: PodSpec;
  /** Who made it; undefined: a person. */
  owner: { kind: string; name: string } | undefined;
  /** It has ended, or is about to. */
  isOver: boolean;
}>;

const owner = z.object({ kind: z.string(), name: z.string(), controller: z.boolean().nullish() });

const form = z.object({
  metadata: z.object({ ownerReferences: listOf(owner, 1000), deletionTimestamp: z.string().nullish() }),
  spec: podForm,
  status: z.object({ phase: z.string().nullish() }).nullish(),
});

export const readPod: (object: unknown) => Pod | undefined = reader(
  'Pod',
  form,
  ({ metadata, spec, status }, notes) => ({
    pods: podSpecOf(spec, notes),
    owner: metadata.ownerReferences.find(({ controller }) => controller),
    isOver: Boolean(metadata.deletionTimestamp) || ['Succeeded', 'Failed'].includes(status?.phase ?? ''),
  }),
  () => ({ pods: noPodSpec, owner: undefined, isOver: true }),
);
