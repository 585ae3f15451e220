import { ErrorCode } from '../errors.ts';
import { MAX_STREAM_ID } from '../frames/constants.ts';
import type { Core } from './core.ts';
import { sendPing } from './ping.ts';

/**
 * Two-phase shutdown (RFC 9113 §6.8). First GOAWAY(2^31-1) says "no new streams, please"; requests that were on
 * their way are still served. A PING's round trip later no more can be on their way, and the second GOAWAY
 * carries the true last stream. A client has nothing to wait for: it opens no more and ends with its last stream.
 */
export function drain(core: Core, timeoutMs: number): void {
  if (core.closed || core.draining) return;
  core.draining = true;
  core.drainDeadlineMs = core.nowMs + timeoutMs;
  if (core.role === 'client') {
    sendFinalGoaway(core);
    return;
  }
  core.writer.goaway(MAX_STREAM_ID, ErrorCode.NO_ERROR, 'draining');
  sendPing(core, 'drain');
}

/** The second phase: streams above the last are ignored from here on. */
export function sendFinalGoaway(core: Core): void {
  if (core.closed || core.goawaySent >= 0) return;
  core.draining = true;
  core.goawaySent = core.lastPeerStreamId;
  core.writer.goaway(core.lastPeerStreamId, ErrorCode.NO_ERROR, '');
  core.closeIfDrained();
}
