import { status } from '@grpc/grpc-js';
import type { CallReport } from './calls.ts';
import type { FrontendError } from './errors.ts';

/** What a request is answered with, whatever the form. */
export interface ServiceResponse {
  httpStatus: number;
  /** Present unless every call succeeded. `code` is a gRPC status' name or a FrontendErrorCode. */
  error?: { code: string; message: string };
  /** Present when calls were made. */
  report?: CallReport;
}

export function responseOfError(error: FrontendError): ServiceResponse {
  return { httpStatus: error.httpStatus, error: { code: error.code, message: error.message } };
}

/**
 * Judges a report: 200 only when every call succeeded; 504 when time was what ran out (the request's, or the first
 * call's with nothing else to show); else 502.
 * @param missing why the service does not exist, when that is known: 404
 */
export function responseOfReport(service: string, report: CallReport, missing?: string): ServiceResponse {
  const { calls, messages, failed, firstFailure, outOfTime } = report;
  if (messages.length === calls) return { httpStatus: 200, report };
  if (missing !== undefined) {
    const message = `Could not get RPC: unknown service ${service}: ${missing}`;
    return { httpStatus: 404, error: { code: 'UNKNOWN_SERVICE', message }, report };
  }
  const code = status[firstFailure?.code ?? status.DEADLINE_EXCEEDED];
  const reason = `${code}: ${oneLine(firstFailure?.details ?? 'out of time')}`;
  const begin = `Could not get RPC from ${service}`;
  if (outOfTime) {
    const message = `${begin}: the time limit of the request passed with ${messages.length} of ${calls} calls answered, ${failed} failed: ${reason}`;
    return { httpStatus: 504, error: { code, message }, report };
  }
  if (messages.length > 0) {
    const message = `${begin}: ${failed} of ${calls} calls failed: ${reason}`;
    return { httpStatus: 502, error: { code, message }, report };
  }
  const httpStatus = firstFailure?.code === status.DEADLINE_EXCEEDED ? 504 : 502;
  return { httpStatus, error: { code, message: `${begin}: ${reason}` }, report };
}

/** Text from elsewhere must not look like lines of ours. */
export const oneLine = (text: string) => text.replaceAll(/[\r\n]+/g, ' ');
