import { headerList, type HeaderBlock, type HeaderInput } from '@evenly/http2';

/** Status codes of gRPC (https://github.com/grpc/grpc/blob/master/doc/statuscodes.md). */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type StatusCode = (typeof Status)[keyof typeof Status];

/** Ends a call with this status; its message is for the client to read. */
export class StatusError extends Error {
  readonly code: StatusCode;

  constructor(code: StatusCode, message: string) {
    super(message);
    this.name = 'StatusError';
    this.code = code;
  }
}

/** Longer texts are cut: many clients take 8 KiB of trailers only. */
const maxMessage = 2048;

/** The headers of every answer with messages. Messages are never compressed, and compressed ones not taken. */
export const responseHeaders = headerList(
  [
    [':status', '200'],
    ['content-type', 'application/grpc'],
    ['grpc-accept-encoding', 'identity'],
  ],
  { reusable: true },
);

/** Trailers behind messages; without any (`trailersOnly`), all that the client gets. */
export function statusBlock(code: StatusCode, message: string, trailersOnly: boolean): HeaderBlock {
  const fields: HeaderInput[] = trailersOnly
    ? responseHeaders.fields.map(({ name, value }) => [name, value])
    : [];
  fields.push(['grpc-status', String(code)]);
  if (message !== '') fields.push(['grpc-message', percentEncoded(message.slice(0, maxMessage))]);
  return headerList(fields);
}

/** As gRPC's HTTP/2 mapping says: all but printable ASCII, and the percent sign, as %XX of its UTF-8. */
function percentEncoded(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
