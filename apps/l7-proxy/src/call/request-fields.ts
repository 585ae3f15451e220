import { randomUUID } from 'node:crypto';
import type { HeaderField } from '@evenly/http2';
import type { RequestPlan } from '../routing/request-plan.ts';
import { formatGrpcTimeout } from './grpc-timeout.ts';

/** A new `x-request-id`. */
export const newRequestId = randomUUID;

/**
 * The fields of a request that differ with every call, and so are kept out of the block that is remembered.
 * @param requestId one that the proxy has given to the call
 * @param remainingMs Infinity: no deadline
 * @param attempts how often it was tried before here
 */
export function requestFields(
  plan: RequestPlan<unknown>,
  requestId: string | undefined,
  remainingMs: number,
  attempts: number,
): HeaderField[] | undefined {
  const allAttempts = plan.previousAttempts + attempts;
  const hasDeadline = remainingMs !== Infinity && plan.isGrpc;
  if (allAttempts === 0 && requestId === undefined && !hasDeadline) return undefined;
  const fields: HeaderField[] = [];
  if (requestId !== undefined) fields.push(field('x-request-id', requestId));
  if (hasDeadline) fields.push(field('grpc-timeout', formatGrpcTimeout(remainingMs)));
  if (allAttempts > 0) fields.push(field('grpc-previous-rpc-attempts', String(allAttempts)));
  return fields;
}

function field(name: string, value: string): HeaderField {
  return { name, value, sensitive: false };
}
