import type { CallHandler, ServerCall } from './call.ts';
import { Status, StatusError } from './status.ts';

/** Opens a call: what becomes of its messages. May end it at once. */
export type Method = (call: ServerCall) => CallHandler;

/** How messages of a method are read and written: a method of a generated service definition. */
export interface Codec<Request, Response> {
  readonly path: string;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (message: Response) => Uint8Array;
}

/** What a method with a stream of requests does with one call. */
export interface RequestHandler<Request> {
  /** Takes a message as it came, in place of `onRequest`. @returns false: it shall be decoded first */
  takes?(bytes: Buffer): boolean;
  onRequest(request: Request): void;
  /** The client sends no more; without it, the call ends with OK. */
  onHalfClose?(): void;
  onClose?(reason: string | undefined): void;
}

/** A method with a stream of requests, and of answers. @param open undefined when it has ended the call */
export function bidi<Request>(
  codec: Pick<Codec<Request, never>, 'requestDeserialize'>,
  open: (call: ServerCall) => RequestHandler<Request> | undefined,
): Method {
  return (call) => {
    const handler = open(call);
    if (handler === undefined) return ignore;
    return {
      onMessage: (bytes) => {
        if (handler.takes?.(bytes) !== true) handler.onRequest(decode(codec, bytes));
      },
      onHalfClose: () => (handler.onHalfClose === undefined ? call.end() : handler.onHalfClose()),
      onClose: (reason) => handler.onClose?.(reason),
    };
  };
}

/** A method with one request and one answer. @param answer throws a StatusError to refuse */
export function unary<Request, Response>(
  codec: Codec<Request, Response>,
  answer: (request: Request, call: ServerCall) => Response,
): Method {
  return (call) => {
    let request: { value: Request } | undefined;
    return {
      onMessage: (bytes) => {
        if (request !== undefined) throw new StatusError(Status.INTERNAL, 'more than one request');
        request = { value: decode(codec, bytes) };
      },
      onHalfClose: () => {
        if (request === undefined) throw new StatusError(Status.INTERNAL, 'no request');
        call.send(codec.responseSerialize(answer(request.value, call)));
        call.end();
      },
    };
  };
}

/** A method that is known, and refused with this status. */
export const refuse =
  (status: StatusError): Method =>
  (call) => {
    call.end(status.code, status.message);
    return ignore;
  };

const ignore: CallHandler = { onMessage: () => undefined, onHalfClose: () => undefined };

function decode<Request>(
  { requestDeserialize }: Pick<Codec<Request, never>, 'requestDeserialize'>,
  bytes: Buffer,
): Request {
  try {
    return requestDeserialize(bytes);
  } catch (error) {
    throw new StatusError(Status.INTERNAL, `the request cannot be read: ${(error as Error).message}`);
  }
}
