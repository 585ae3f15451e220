import { ErrorCode, Http2Error } from '../errors.ts';
import { Flag, MAX_WINDOW } from '../frames/constants.ts';
import type { Core } from './core.ts';
import { sendFinalGoaway } from './drain.ts';
import { PING_MARKS } from './ping.ts';
import { pump, pumpStream } from './send.ts';
import { refuseStream, violateStream } from './stream-errors.ts';

/** PRIORITY (RFC 9113 §6.3): checked, then ignored, as RFC 9113 §5.3 allows. */
export function receivePriority(core: Core, id: number, bytes: Buffer, start: number, end: number): void {
  core.flood.spend('priorities', core.nowMs, 'PRIORITY frames');
  if (id === 0) throw protocolError('PRIORITY on stream 0');
  const stream = core.streams.get(id);
  const selfDependent = end - start === 5 && (bytes.readUInt32BE(start) & 0x7fff_ffff) === id;
  if (end - start === 5 && !selfDependent) return;
  const code = selfDependent ? ErrorCode.PROTOCOL_ERROR : ErrorCode.FRAME_SIZE_ERROR;
  if (stream !== undefined) violateStream(core, stream, code, 'wrong PRIORITY');
  // RST_STREAM may not name an idle stream (§6.4), so there the connection pays.
  else if (core.isIdle(id)) throw new Http2Error(code, 'wrong PRIORITY');
  else refuseStream(core, id, code);
}

/** RST_STREAM (RFC 9113 §6.4). */
export function receiveRstStream(core: Core, id: number, bytes: Buffer, start: number, end: number): void {
  if (end - start !== 4) throw frameSizeError('RST_STREAM');
  if (id === 0 || core.isIdle(id)) throw protocolError('RST_STREAM on an idle stream');
  const stream = core.streams.get(id);
  // A stream of ours that is open can be reset once: we have the number of those in hand.
  if (stream === undefined || !core.isOwn(id)) core.flood.spend('resets', core.nowMs, 'resets');
  if (stream === undefined) return;
  const code = bytes.readUInt32BE(start);
  core.closeStream(stream, 'peer-reset');
  const unprocessed = code === ErrorCode.REFUSED_STREAM && core.isOwn(id);
  core.events.onReset(stream, { code, cause: 'peer', unprocessed, reason: 'reset by peer' });
}

/** PING (RFC 9113 §6.7). */
export function receivePing(
  core: Core,
  flags: number,
  id: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  if (id !== 0) throw protocolError('PING on a stream');
  if (end - start !== 8) throw frameSizeError('PING');
  if ((flags & Flag.ACK) === 0) {
    core.flood.spend('pings', core.nowMs, 'PING frames');
    core.writer.pingAck(bytes, start);
    return;
  }
  const outstanding = core.pingOutstanding;
  // An answer to an earlier PING is not the round trip that the outstanding one measures.
  if (outstanding === 'none' || bytes[start] !== PING_MARKS[outstanding]) return;
  core.pingOutstanding = 'none';
  if (outstanding === 'drain') sendFinalGoaway(core);
  else if (outstanding === 'application') core.events.onPong?.(core.nowMs - core.pingSentAtMs);
}

/** GOAWAY (RFC 9113 §6.8): streams above its last were not processed; the others go on. */
export function receiveGoaway(core: Core, id: number, bytes: Buffer, start: number, end: number): void {
  if (id !== 0) throw protocolError('GOAWAY on a stream');
  if (end - start < 8) throw frameSizeError('GOAWAY');
  core.flood.spend('settings', core.nowMs, 'GOAWAY frames');
  const last = bytes.readUInt32BE(start) & 0x7fff_ffff;
  const code = bytes.readUInt32BE(start + 4);
  if (core.goawayReceived >= 0 && last > core.goawayReceived)
    throw protocolError('GOAWAY with a higher last stream');
  core.goawayReceived = last;
  core.events.onGoaway?.(last, code, bytes.toString('utf8', start + 8, Math.min(end, start + 8 + 256)));
  for (const stream of core.streams.values()) {
    if (!core.isOwn(stream.id) || stream.id <= last) continue;
    core.closeStream(stream, 'local-reset');
    const reset = {
      code: ErrorCode.REFUSED_STREAM,
      cause: 'goaway',
      unprocessed: true,
      reason: 'above GOAWAY',
    } as const;
    core.events.onReset(stream, reset);
  }
  core.closeIfDrained();
}

/** WINDOW_UPDATE (RFC 9113 §6.9). */
export function receiveWindowUpdate(core: Core, id: number, bytes: Buffer, start: number, end: number): void {
  if (end - start !== 4) throw frameSizeError('WINDOW_UPDATE');
  core.flood.spend('windowUpdates', core.nowMs, 'WINDOW_UPDATE frames');
  const increment = bytes.readUInt32BE(start) & 0x7fff_ffff;
  if (id === 0) {
    if (increment === 0) throw protocolError('WINDOW_UPDATE of 0');
    core.sendWindow += increment;
    if (core.sendWindow > MAX_WINDOW)
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, 'window above 2^31-1');
    pump(core);
    return;
  }
  if (core.isIdle(id)) throw protocolError('WINDOW_UPDATE on an idle stream');
  const stream = core.streams.get(id);
  if (stream === undefined) return;
  stream.sendWindow += increment;
  if (increment === 0) violateStream(core, stream, ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE of 0');
  else if (stream.sendWindow > MAX_WINDOW) {
    violateStream(core, stream, ErrorCode.FLOW_CONTROL_ERROR, 'window above 2^31-1');
  } else {
    pumpStream(core, stream);
  }
}

function protocolError(reason: string): Http2Error {
  return new Http2Error(ErrorCode.PROTOCOL_ERROR, reason);
}

function frameSizeError(frame: string): Http2Error {
  return new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `${frame} of the wrong length`);
}
