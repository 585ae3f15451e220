import { randomBytes } from 'node:crypto';
import type { HeaderField } from '@evenly/http2';
import type { RequestPlan } from '../routing/request-plan.ts';
import { formatGrpcTimeout } from './grpc-timeout.ts';

/** 72 random bits: no two processes have the same. */
const processId = randomBytes(9).toString('base64url');
let requests = 0;

/** A new `x-request-id`: who gave it, and a count. It tells calls apart, and is no secret; a UUID would cost a tenth of a call. */
export function newRequestId(): string {
  return `${processId}.${++requests}`;
}

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
