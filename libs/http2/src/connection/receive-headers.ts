import { ErrorCode, Http2Error } from '../errors.ts';
import { Flag } from '../frames/constants.ts';
import type { HeaderBlock } from '../headers/block.ts';
import type { HeaderFacts } from '../headers/validate.ts';
import { ByteWriter } from '../hpack/bytes.ts';
import type { Core } from './core.ts';
import { bytesOf, keepBlock } from './held-memory.ts';
import { outOfMemory, overLimit, refuseStream, violateStream } from './stream-errors.ts';
import { Stream } from './stream.ts';

/** HEADERS (RFC 9113 §6.2). */
export function receiveHeaders(
  core: Core,
  flags: number,
  id: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  if (id === 0) throw protocolError('HEADERS on stream 0');
  let from = start;
  let to = end;
  if (flags & Flag.PADDED) {
    if (from >= to) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS without its padding length');
    const padding = bytes[from++]!;
    if (padding > to - from) throw protocolError('padding longer than HEADERS');
    to -= padding;
  }
  let selfDependent = false;
  if (flags & Flag.PRIORITY) {
    if (to - from < 5) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS without its priority');
    selfDependent = (bytes.readUInt32BE(from) & 0x7fff_ffff) === id;
    from += 5;
  }
  const endStream = (flags & Flag.END_STREAM) !== 0;
  if (flags & Flag.END_HEADERS) {
    receiveBlock(core, id, endStream, selfDependent, bytes, from, to);
    return;
  }
  const collected = new ByteWriter((to - from) * 2 + 64);
  collected.append(bytes, from, to);
  const sinceMs = core.nowMs;
  core.openBlock = { streamId: id, endStream, selfDependent, bytes: collected, sinceMs, continuations: 0 };
}

/** CONTINUATION (RFC 9113 §6.10): counted and bounded in bytes, for each is held until the block ends. */
export function receiveContinuation(
  core: Core,
  flags: number,
  id: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const open = core.openBlock;
  if (open === undefined || open.streamId !== id) throw protocolError('CONTINUATION without HEADERS');
  const { maxHeaderBlockBytes, maxContinuationFrames, refusedBlockTimes } = core.limits;
  const size = open.bytes.position + end - start;
  // Further than that even to decode it, and to refuse its stream alone, is asked too much.
  if (++open.continuations > maxContinuationFrames * refusedBlockTimes)
    throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, 'too many CONTINUATION frames');
  if (size > maxHeaderBlockBytes * refusedBlockTimes)
    throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, 'header block too large');
  open.bytes.append(bytes, start, end);
  if ((flags & Flag.END_HEADERS) === 0) return;
  core.openBlock = undefined;
  const refused = open.continuations > maxContinuationFrames;
  receiveBlock(core, id, open.endStream, open.selfDependent, open.bytes.bytes, 0, size, refused);
}

/**
 * A whole block. It is decoded whatever becomes of it: the table belongs to the connection (RFC 9113 §4.3).
 * @param refused it came in too many frames
 */
function receiveBlock(
  core: Core,
  id: number,
  endStream: boolean,
  selfDependent: boolean,
  bytes: Buffer,
  start: number,
  end: number,
  refused = false,
): void {
  const decoded = core.decode(bytes, start, end);
  const inProportion = decoded !== undefined && core.flood.mayExpandTo(decoded.listBytes, core.nowMs);
  const block = inProportion && !refused ? decoded : undefined;
  const stream = core.streams.get(id);
  if (stream === undefined) {
    if (core.role === 'client' || !core.isIdle(id) || core.isOwn(id)) receiveOnUnknown(core, id);
    else openPeerStream(core, id, block, endStream, selfDependent);
  } else if (stream.remoteEnded) {
    violateStream(core, stream, ErrorCode.STREAM_CLOSED, 'HEADERS after the end');
  } else if (selfDependent) {
    violateStream(core, stream, ErrorCode.PROTOCOL_ERROR, 'stream depends on itself');
  } else if (block === undefined) {
    overLimit(
      core,
      stream,
      decoded === undefined || refused ? 'headers too large' : 'headers expand too much',
    );
  } else if (stream.receivedFinal) {
    receiveTrailers(core, stream, block, endStream);
  } else {
    receiveResponse(core, stream, block, endStream);
  }
}

/** HEADERS for a stream that is closed, or that this peer cannot open. */
function receiveOnUnknown(core: Core, id: number): void {
  const closedBy = core.isIdle(id) ? undefined : core.closedStreams.find(id);
  if (closedBy === 'local-reset') return;
  if (closedBy === 'peer-reset') refuseStream(core, id, ErrorCode.STREAM_CLOSED);
  else if (closedBy === 'end') throw new Http2Error(ErrorCode.STREAM_CLOSED, 'HEADERS on a closed stream');
  // A client that resets a lot may have forgotten the stream; a server cannot start one with it anyway.
  else if (core.role === 'client' && core.isOwn(id) && !core.isIdle(id)) return;
  else throw protocolError(`HEADERS on stream ${id}, which cannot be opened`);
}

function openPeerStream(
  core: Core,
  id: number,
  block: HeaderBlock | undefined,
  endStream: boolean,
  selfDependent: boolean,
): void {
  core.lastPeerStreamId = id;
  // Above our GOAWAY's last: the client knows that it was not processed (RFC 9113 §6.8).
  if (core.goawaySent >= 0) return core.closedStreams.add(id, 'local-reset');
  if (core.openPeerStreams + core.heldClosedStreams >= core.limits.maxConcurrentStreams) {
    return refuseStream(core, id, ErrorCode.REFUSED_STREAM);
  }
  if (block === undefined) return refuseStream(core, id, ErrorCode.ENHANCE_YOUR_CALM);
  if (core.memory?.refuses(bytesOf(block)) === true) return refuseStream(core, id, ErrorCode.REFUSED_STREAM);
  const facts = block.asRequest();
  if (selfDependent || facts.problem !== undefined || (endStream && facts.contentLength > 0)) {
    return refuseStream(core, id, ErrorCode.PROTOCOL_ERROR);
  }
  const stream = new Stream(id, core.peer.initialWindowSize, core.localInitialWindow);
  stream.receivedFinal = true;
  stream.remoteEnded = endStream;
  stream.contentLeft = facts.contentLength;
  stream.head = facts.method === 'HEAD';
  core.addStream(stream);
  if (core.memory !== undefined) keepBlock(core, stream, block);
  core.events.onHeaders(stream, block, 'request', endStream);
}

/** A final response or a 1xx; 1xx may come any number of times before it (RFC 9113 §8.1), as far as we let it. */
function receiveResponse(core: Core, stream: Stream, block: HeaderBlock, endStream: boolean): void {
  const facts = block.asResponse();
  const informational = facts.status < 200;
  if (facts.problem !== undefined || (informational && endStream)) {
    violateStream(core, stream, ErrorCode.PROTOCOL_ERROR, facts.problem ?? '1xx that ends the stream');
    return;
  }
  if (informational) {
    if (++stream.informational > core.limits.maxInformational)
      return overLimit(core, stream, 'too many informational responses');
    core.events.onHeaders(stream, block, 'informational', false);
    return;
  }
  stream.receivedFinal = true;
  stream.contentLeft = hasNoContent(stream, facts) ? 0 : facts.contentLength;
  deliver(core, stream, block, 'response', endStream);
}

/** Answers without content, whatever a content-length describes that is not sent (RFC 9110 §6.4.1, §8.6). */
function hasNoContent(stream: Stream, { status }: HeaderFacts): boolean {
  return stream.head || status === 304 || status === 204;
}

/** A second block can only be trailers, and they end the stream (RFC 9113 §8.1). */
function receiveTrailers(core: Core, stream: Stream, block: HeaderBlock, endStream: boolean): void {
  const problem = endStream ? block.asTrailers().problem : 'HEADERS in mid-stream that do not end it';
  if (problem !== undefined) violateStream(core, stream, ErrorCode.PROTOCOL_ERROR, problem);
  else deliver(core, stream, block, 'trailers', true);
}

function deliver(
  core: Core,
  stream: Stream,
  block: HeaderBlock,
  kind: 'response' | 'trailers',
  endStream: boolean,
): void {
  if (endStream && stream.contentLeft > 0) {
    violateStream(core, stream, ErrorCode.PROTOCOL_ERROR, 'content shorter than content-length');
    return;
  }
  stream.remoteEnded = endStream;
  if (kind === 'trailers' && core.contentMemory !== undefined) {
    keepBlock(core, stream, block);
    if (core.contentMemory.refusesMore) return outOfMemory(core, stream);
  }
  core.events.onHeaders(stream, block, kind, endStream);
  if (endStream) core.endIfDone(stream);
}

function protocolError(reason: string): Http2Error {
  return new Http2Error(ErrorCode.PROTOCOL_ERROR, reason);
}
