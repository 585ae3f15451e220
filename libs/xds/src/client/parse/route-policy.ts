import {
  grpcCodes,
  ranges,
  retryableCodes,
  type Fault,
  type GrpcCode,
  type Retry,
} from '@evenly/mesh-config';
import type { RetryPolicy } from '@evenly/proto/envoy/config/route/v3/route_components';
import { HTTPFault, type FaultAbort } from '@evenly/proto/envoy/extensions/filters/http/fault/v3/fault';
import type { FractionalPercent } from '@evenly/proto/envoy/type/v3/percent';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { faultFilterName } from '../../resources/http-filters.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';
import { timeoutMs, waitMs } from './numbers.ts';

/** Calls in all, whatever a policy asks for (gRFC A6). */
const maxAttempts = 5;

/** Words of `retry_on` that are not gRPC's are passed over, as gRFC A44 has it. */
export function parseRetry(
  { retryOn, numRetries = 1, perTryTimeout, retryBackOff }: RetryPolicy,
  warn: Warn,
): Retry | undefined {
  const words = retryOn
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const on = retryableCodes.filter((code) => words.includes(code.toLowerCase().replaceAll('_', '-')));
  const unknown = words.filter(
    (word) => !on.some((code) => code.toLowerCase().replaceAll('_', '-') === word),
  );
  if (unknown.length > 0) warn(`retry_on ${unknown.join(', ')} is unsupported; only gRPC codes are`);
  if (on.length === 0) return undefined;
  refuseIf(numRetries < 1, 'num_retries must be at least 1');
  const perTryTimeoutMs = timeoutMs('per_try_timeout', perTryTimeout, warn);
  const baseMs = waitMs('retry_back_off.base_interval', retryBackOff?.baseInterval, warn) ?? 25;
  const maxMs =
    waitMs('retry_back_off.max_interval', retryBackOff?.maxInterval, warn) ??
    Math.min(ranges.durationMs.max, baseMs * 10);
  refuseIf(maxMs < baseMs, 'retry_back_off.max_interval must not be less than its base_interval');
  return {
    attempts: Math.min(maxAttempts, numRetries + 1),
    on,
    ...(perTryTimeoutMs === undefined ? {} : { perTryTimeoutMs }),
    backoff: { baseMs, maxMs },
  };
}

/** The fault of a route, from the configuration of its filters. @throws Refusal */
export function parseFault(filters: Readonly<Record<string, Any>>, warn: Warn): Fault | undefined {
  const packed = filters[faultFilterName];
  if (packed === undefined) return undefined;
  const { delay, abort, headers, upstreamCluster } = HTTPFault.decode(packed.value);
  refuseIf(
    headers.length > 0 || upstreamCluster !== '',
    'a fault for some headers or clusters only is not supported',
  );
  const specifier = delay?.faultDelaySecifier;
  refuseIf(specifier?.$case === 'headerDelay', 'a fault delay by header is not supported');
  const durationMs =
    specifier?.$case === 'fixedDelay' ? waitMs('fault delay', specifier.value, warn) : undefined;
  const code = abort && abortCode(abort);
  if (durationMs === undefined && code === undefined) return undefined;
  return {
    ...(durationMs === undefined ? {} : { delay: { durationMs, percent: percentOf(delay?.percentage) } }),
    ...(code === undefined ? {} : { abort: { code, percent: percentOf(abort?.percentage) } }),
  };
}

function abortCode({ errorType }: FaultAbort): Exclude<GrpcCode, 'OK'> {
  const code = errorType?.$case === 'grpcStatus' ? grpcCodes[errorType.value] : undefined;
  if (code === undefined || code === 'OK') throw new Refusal('a fault is aborted by a gRPC status only');
  return code;
}

/** Of a hundred, ten thousand or a million. */
export function percentOf(fraction: FractionalPercent | undefined): number {
  if (fraction === undefined) return 0;
  const whole = [100, 10_000, 1_000_000][fraction.denominator];
  if (whole === undefined) throw new Refusal(`the denominator ${fraction.denominator} is not known`);
  return Math.min(100, (fraction.numerator / whole) * 100);
}
