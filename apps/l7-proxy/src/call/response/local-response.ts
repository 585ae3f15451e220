import { ErrorCode, headerList, type HeaderBlock } from '@evenly/http2';
import { grpcCodes, type GrpcCode } from '@evenly/mesh-config';
import type { ClientSide, ClientStream } from '../client-side.ts';
import type { Failure } from '../../failure.ts';
import { encodeGrpcMessage, httpStatusOf } from './grpc-status.ts';

/** Longer ones are cut: a reason may quote what an endpoint sent. */
const maxMessage = 1024;

/** Trailers that end a gRPC response which has begun. */
export function grpcTrailers(code: GrpcCode, message: string): HeaderBlock {
  return headerList([
    ['grpc-status', String(grpcCodes.indexOf(code))],
    ['grpc-message', encodeGrpcMessage(message.slice(0, maxMessage))],
  ]);
}

/** A whole gRPC response in one block (trailers-only). */
function grpcResponse(code: GrpcCode, message: string): HeaderBlock {
  return headerList([
    [':status', '200'],
    ['content-type', 'application/grpc'],
    ['grpc-status', String(grpcCodes.indexOf(code))],
    ['grpc-message', encodeGrpcMessage(message.slice(0, maxMessage))],
  ]);
}

/** The answer to a request that is not gRPC: a status, and why as plain text. */
function httpResponse(status: number, message: string): { headers: HeaderBlock; body: Buffer } {
  // A 204 has no content, and no length of it (RFC 9110 §8.6).
  const body = status === 204 ? noContent : Buffer.from(`${message.slice(0, maxMessage)}\n`);
  const described = [
    ['content-type', 'text/plain; charset=utf-8'],
    ['content-length', String(body.length)],
  ] as const;
  const headers = headerList([
    [':status', String(status)],
    ['date', new Date().toUTCString()], // RFC 9110 §6.6.1
    ...(status === 204 ? [] : described),
  ]);
  return { headers, body };
}

const noContent = Buffer.alloc(0);

/**
 * Ends a call that has no response yet with one of the proxy's own.
 * @returns its HTTP status; 0 when the stream was reset
 */
export function respondLocally(
  client: ClientSide,
  stream: ClientStream,
  { isGrpc }: { isGrpc: boolean },
  requestEnded: boolean,
  { code, message, resetCode, httpStatus }: Failure,
): number {
  if (resetCode === ErrorCode.REFUSED_STREAM) {
    // It keeps its meaning: the caller may try again by itself (RFC 9113 §8.7).
    client.reset(stream, resetCode);
    return 0;
  }
  const status = isGrpc ? 200 : (httpStatus ?? httpStatusOf(code));
  if (isGrpc) {
    client.sendHeaders(stream, grpcResponse(code, message), true);
  } else {
    const { headers, body } = httpResponse(status, message);
    const isEmpty = stream.head || body.length === 0;
    client.sendHeaders(stream, headers, isEmpty);
    if (!isEmpty) client.sendData(stream, body, 0, body.length, true);
  }
  if (!requestEnded) client.reset(stream, ErrorCode.NO_ERROR);
  return status;
}
