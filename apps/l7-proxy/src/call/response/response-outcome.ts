import type { CallOutcome, OutcomeTable } from '@evenly/balancing';
import { grpcCodes, type GrpcCode } from '@evenly/mesh-config';

/** What gRPC clients take a response for that is none (gRPC's http-grpc-status-mapping); all others are UNKNOWN. */
const byHttpStatus: ReadonlyMap<number, number> = new Map([
  [400, 13], // INTERNAL
  [401, 16], // UNAUTHENTICATED
  [403, 7], // PERMISSION_DENIED
  [404, 12], // UNIMPLEMENTED
  [429, 14], // UNAVAILABLE
]);

/**
 * What a response tells about its endpoint.
 * @param grpcStatus -1: it has none
 */
export function outcomeOfResponse(
  table: OutcomeTable,
  isGrpc: boolean,
  grpcStatus: number,
  httpStatus: number,
): CallOutcome {
  if (!isGrpc) return table.ofHttp(httpStatus);
  if (grpcStatus >= 0) return table.ofGrpc(grpcStatus);
  if (httpStatus >= 500) return table.ofHttp(httpStatus);
  return table.ofGrpc(byHttpStatus.get(httpStatus) ?? -1);
}

/**
 * What it tells about an endpoint that it was not done when its attempt was given up.
 * @param code why it was
 * @param isResponding its response had begun: streams with a deadline often end that way
 */
export function outcomeOfCancelling(table: OutcomeTable, code: GrpcCode, isResponding: boolean): CallOutcome {
  if (isResponding || code !== 'DEADLINE_EXCEEDED') return 'cancelled';
  return table.ofGrpc(grpcCodes.indexOf(code)) === 'failure' ? 'failure' : 'cancelled';
}
