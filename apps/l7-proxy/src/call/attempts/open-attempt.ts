import type { Host } from '@evenly/balancing';
import type { HeaderField } from '@evenly/http2';
import { blockFor } from '../../routing/request-plan.ts';
import { Attempt, type AttemptOwner } from '../../upstream/attempt.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import { newRequestId, requestFields } from '../request/request-fields.ts';
import type { AttemptedCall } from './attempted-call.ts';

/**
 * Sends the header block of a call to a host.
 * @param earlier attempts that an endpoint may know of (gRFC A6)
 * @returns undefined when the host does not take it now
 */
export function openAttempt(
  call: AttemptedCall,
  owner: AttemptOwner,
  host: Host<EndpointPool>,
  nowMs: number,
  earlier: number,
): Attempt | undefined {
  const connection = host.target?.connection;
  if (connection === undefined) return undefined;
  const block = blockFor(call.plan, call.block, call.cluster.scheme);
  const stream = connection.open(block, !call.request.hasMore, extraFields(call, host, nowMs, earlier));
  if (stream === undefined) return undefined;
  const attempt = new Attempt(owner, host, connection, stream, nowMs);
  stream.user = attempt;
  return attempt;
}

function extraFields(
  { context, plan, destination, request, deadlineMs, observer }: AttemptedCall,
  host: Host<EndpointPool>,
  nowMs: number,
  earlier: number,
): readonly HeaderField[] | undefined {
  if (context.requestIds && plan.needsRequestId && destination.requestChanges?.names('x-request-id') !== true)
    request.id ??= newRequestId();
  const fields = requestFields(plan, request.id, deadlineMs - nowMs, earlier);
  if (observer === undefined) return fields;
  return [...(fields ?? []), ...observer.attemptFields(host.target!.endpoint)];
}
