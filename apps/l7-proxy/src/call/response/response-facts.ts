import type { HeaderBlock } from '@evenly/http2';
import { admitResponse, type ResponsePart } from './admitted-response.ts';

/** What a header block of a response, or its trailers, says about the call. */
export interface ResponseFacts {
  /** What goes on to the client. */
  readonly block: HeaderBlock;
  /** -1: not there, or no number. */
  readonly grpcStatus: number;
  /** 0 in trailers. */
  readonly httpStatus: number;
  /** gRFC A6: how long to wait before another attempt; negative: there shall be none. Undefined: the server says nothing. */
  readonly pushbackMs: number | undefined;
}

/** Worked out once for each block, for most responses end alike. */
export function responseFacts(block: HeaderBlock, part: ResponsePart): ResponseFacts {
  return (block.attachment ??= read(block, part)) as ResponseFacts;
}

function read(received: HeaderBlock, part: ResponsePart): ResponseFacts {
  const block = admitResponse(received, part);
  const status = block.get('grpc-status') ?? '';
  const pushback = block.get('grpc-retry-pushback-ms');
  return {
    block,
    grpcStatus: /^\d{1,3}$/.test(status) ? Number(status) : -1,
    httpStatus: Number(block.get(':status') ?? 0),
    // What is no number means "do not retry", as the negative ones do (gRFC A6).
    pushbackMs: pushback === undefined ? undefined : /^\d{1,9}$/.test(pushback) ? Number(pushback) : -1,
  };
}
