import { headerList, type HeaderBlock } from '@evenly/http2';

/** Why a request cannot be a gRPC call: an HTTP status, for whoever sent it does not read gRPC's (gRPC over HTTP/2). */
export function notGrpc(request: HeaderBlock): HeaderBlock | undefined {
  if (request.get(':method') !== 'POST')
    return headerList([
      [':status', '405'],
      ['allow', 'POST'],
    ]);
  const type = request.get('content-type') ?? '';
  const isGrpc = type === 'application/grpc' || /^application\/grpc[+;]/.test(type);
  return isGrpc ? undefined : headerList([[':status', '415']]);
}

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Milliseconds of a `grpc-timeout` such as `250m`; undefined without one, NaN when it is none. */
export function timeoutMs(request: HeaderBlock): number | undefined {
  const text = request.get('grpc-timeout');
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  return count === undefined ? Number.NaN : Number(count) * unitMs[unit!]!;
}
