import { short } from '../objects/read.ts';

/** As Kubernetes has it, without `lastTransitionTime`, which only who writes it knows. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  observedGeneration: number;
}

/** Why something is not so. */
export interface Refusal {
  reason: string;
  message: string;
}

/** @param refusal undefined: it is so, for the reason of the same name as in the API */
export function conditionOf(
  type: string,
  refusal: Refusal | undefined,
  observedGeneration: number,
  reason = type,
): Condition {
  return refusal === undefined
    ? { type, status: 'True', reason, message: '', observedGeneration }
    : { type, status: 'False', reason: refusal.reason, message: short(refusal.message), observedGeneration };
}
