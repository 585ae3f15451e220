import { ErrorCode, Http2Error } from '../errors.ts';
import { CLIENT_PREFACE, Flag, FrameType } from '../frames/constants.ts';
import { FrameReader } from '../frames/reader.ts';
import type { Core } from './core.ts';
import { countInput } from './held-memory.ts';
import {
  receiveGoaway,
  receivePing,
  receivePriority,
  receiveRstStream,
  receiveWindowUpdate,
} from './receive-control.ts';
import { answered } from './probe.ts';
import { receiveData } from './receive-data.ts';
import { receiveContinuation, receiveHeaders } from './receive-headers.ts';
import { receiveSettings } from './settings.ts';

const PREFACE = Buffer.from(CLIENT_PREFACE, 'latin1');

/** The receiving half of a connection: preface, frames, and which frame may come when. */
export class Receiver {
  private readonly core: Core;
  private readonly reader: FrameReader;
  private prefaceLeft: number;

  constructor(core: Core) {
    this.core = core;
    this.prefaceLeft = core.role === 'server' ? PREFACE.length : 0;
    this.reader = new FrameReader(core.settings.maxFrameSize, (type, flags, id, bytes, start, end) => {
      this.dispatch(type, flags, id, bytes, start, end);
      return !core.closed;
    });
  }

  /** @throws Http2Error a connection error */
  receive(chunk: Buffer): void {
    const core = this.core;
    core.receivePauseMs = core.nowMs - core.lastReceivedAtMs;
    core.lastReceivedAtMs = core.nowMs;
    core.flood.received(chunk.length);
    if (core.silentSinceMs > 0) answered(core);
    const from = this.prefaceLeft > 0 ? this.checkPreface(chunk) : 0;
    this.reader.read(chunk, from);
    // `dispatch` has cleared it if a frame ended: what counts is how long one frame takes.
    if (core.partialSinceMs === 0 && this.reader.insideControlFrame) core.partialSinceMs = core.nowMs;
    countInput(core, this.reader.heldBytes);
  }

  /** Returns where the preface ends in this chunk (RFC 9113 §3.4). */
  private checkPreface(chunk: Buffer): number {
    const done = PREFACE.length - this.prefaceLeft;
    const count = Math.min(this.prefaceLeft, chunk.length);
    if (PREFACE.compare(chunk, 0, count, done, done + count) !== 0) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'not HTTP/2');
    }
    this.prefaceLeft -= count;
    return count;
  }

  private dispatch(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const core = this.core;
    core.partialSinceMs = 0;
    if (core.openBlock !== undefined && type !== FrameType.CONTINUATION) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'a frame inside a header block');
    }
    if (!core.settingsReceived && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'the first frame is not SETTINGS');
    }
    switch (type) {
      case FrameType.DATA:
        return receiveData(core, flags, id, bytes, start, end);
      case FrameType.HEADERS:
        return receiveHeaders(core, flags, id, bytes, start, end);
      case FrameType.PRIORITY:
        return receivePriority(core, id, bytes, start, end);
      case FrameType.RST_STREAM:
        return receiveRstStream(core, id, bytes, start, end);
      case FrameType.SETTINGS:
        return receiveSettings(core, flags, id, bytes, start, end);
      case FrameType.PUSH_PROMISE:
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'PUSH_PROMISE, which nobody allowed');
      case FrameType.PING:
        return receivePing(core, flags, id, bytes, start, end);
      case FrameType.GOAWAY:
        return receiveGoaway(core, id, bytes, start, end);
      case FrameType.WINDOW_UPDATE:
        return receiveWindowUpdate(core, id, bytes, start, end);
      case FrameType.CONTINUATION:
        return receiveContinuation(core, flags, id, bytes, start, end);
      default: // unknown types are ignored (§4.1), but not without end
        core.flood.spend('priorities', core.nowMs, 'frames of unknown type');
    }
  }
}
