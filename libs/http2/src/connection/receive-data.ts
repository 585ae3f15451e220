import { ErrorCode, Http2Error } from '../errors.ts';
import { Flag } from '../frames/constants.ts';
import { returnConnectionCredit, returnStreamCredit } from './credit.ts';
import type { Core } from './core.ts';
import { outOfMemory, refuseStream, violateStream } from './stream-errors.ts';
import type { Stream } from './stream.ts';

/** DATA (RFC 9113 §6.1). The whole payload, padding too, costs both windows (§6.9.1). */
export function receiveData(
  core: Core,
  flags: number,
  id: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  if (id === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'DATA on stream 0');
  let from = start;
  let to = end;
  if (flags & Flag.PADDED) {
    if (from >= to) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, 'DATA without its padding length');
    const padding = bytes[from++]!;
    if (padding > to - from) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'padding longer than DATA');
    to -= padding;
  }
  const cost = end - start;
  if (cost > core.receiveWindow) {
    throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond the connection's window");
  }
  core.receiveWindow -= cost;
  const endStream = (flags & Flag.END_STREAM) !== 0;
  const length = to - from;
  if (!endStream && (length === 0 || cost > length * 2))
    core.flood.spend('emptyFrames', core.nowMs, 'DATA frames of no or little content');
  const stream = core.streams.get(id);
  if (stream === undefined) receiveOnUnknown(core, id);
  else receiveOnStream(core, stream, bytes, from, to, cost, endStream);
  // Also for streams that are gone: their bytes came out of the same window.
  returnConnectionCredit(core, cost);
}

function receiveOnStream(
  core: Core,
  stream: Stream,
  bytes: Buffer,
  from: number,
  to: number,
  cost: number,
  endStream: boolean,
): void {
  const problem = dataProblem(stream, to - from, endStream);
  if (stream.remoteEnded) {
    violateStream(core, stream, ErrorCode.STREAM_CLOSED, 'DATA after the end');
  } else if (cost > stream.receiveWindow) {
    violateStream(core, stream, ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond the stream's window");
  } else if (problem !== undefined) {
    violateStream(core, stream, ErrorCode.PROTOCOL_ERROR, problem);
  } else {
    deliver(core, stream, bytes, from, to, cost, endStream);
  }
}

function deliver(
  core: Core,
  stream: Stream,
  bytes: Buffer,
  from: number,
  to: number,
  cost: number,
  endStream: boolean,
): void {
  const length = to - from;
  stream.receiveWindow -= cost;
  stream.remoteEnded = endStream;
  if (stream.contentLeft >= 0) stream.contentLeft -= length;
  if (cost > length) returnStreamCredit(core, stream, cost - length); // padding is never handed on
  if (length === 0 && !endStream) return;
  stream.heldBytes += length;
  core.addHeldBytes(length);
  core.events.onData(stream, bytes, from, to, endStream);
  if (stream.heldBytes > 0 && core.contentMemory?.refusesMore === true) outOfMemory(core, stream);
  else if (endStream) core.endIfDone(stream);
}

function dataProblem(stream: Stream, length: number, endStream: boolean): string | undefined {
  if (!stream.receivedFinal) return 'DATA before the response';
  if (stream.contentLeft < 0) return undefined;
  if (length > stream.contentLeft) return 'content longer than content-length';
  if (endStream && length < stream.contentLeft) return 'content shorter than content-length';
  return undefined;
}

function receiveOnUnknown(core: Core, id: number): void {
  if (core.isIdle(id)) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `DATA on stream ${id}, which is idle`);
  const closedBy = core.closedStreams.find(id);
  if (closedBy === 'local-reset') return;
  if (closedBy === 'end') throw new Http2Error(ErrorCode.STREAM_CLOSED, 'DATA on a closed stream');
  refuseStream(core, id, ErrorCode.STREAM_CLOSED);
}
