import { ErrorCode } from '@evenly/http2';
import type { GrpcCode } from '@evenly/mesh-config';

/** What RST_STREAM codes mean to a gRPC caller (gRPC over HTTP/2, "Errors"). What is not listed is INTERNAL. */
const byErrorCode: ReadonlyMap<number, GrpcCode> = new Map([
  [ErrorCode.REFUSED_STREAM, 'UNAVAILABLE'],
  [ErrorCode.CANCEL, 'CANCELLED'],
  [ErrorCode.ENHANCE_YOUR_CALM, 'RESOURCE_EXHAUSTED'],
  [ErrorCode.INADEQUATE_SECURITY, 'PERMISSION_DENIED'],
]);

export function grpcCodeOfReset(errorCode: number): GrpcCode {
  return byErrorCode.get(errorCode) ?? 'INTERNAL';
}

/** What a status means where gRPC is not spoken. Only those that the proxy itself answers with. */
const httpStatuses: Partial<Record<GrpcCode, number>> = {
  CANCELLED: 499,
  DEADLINE_EXCEEDED: 504,
  RESOURCE_EXHAUSTED: 503,
  UNAVAILABLE: 503,
  UNIMPLEMENTED: 404,
};

export function httpStatusOf(code: GrpcCode): number {
  return httpStatuses[code] ?? 502;
}

/** The `grpc-message` form: percent-encoded UTF-8 but for printable ASCII without "%". */
export function encodeGrpcMessage(message: string): string {
  let text = '';
  for (const byte of Buffer.from(message)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
