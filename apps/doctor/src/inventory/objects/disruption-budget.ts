import * as z from 'zod';
import { labelSelector, reader, type LabelSelector, type Read } from '@evenly/gateway-api';

export type DisruptionBudget = Read<{
  /** Undefined: it protects nothing. */
  selector: LabelSelector | undefined;
}>;

const form = z.object({ spec: z.object({ selector: labelSelector.nullish() }) });

export const readDisruptionBudget: (object: unknown) => DisruptionBudget | undefined = reader(
  'PodDisruptionBudget',
  form,
  ({ spec }) => ({ selector: spec.selector ?? undefined }),
  () => ({ selector: undefined }),
);
