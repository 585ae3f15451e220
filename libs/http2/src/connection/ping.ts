import type { Core, PingPurpose } from './core.ts';

/** The first of a PING's 8 bytes says what it was for, so that its answer is not taken for another's. */
export const PING_MARKS: Readonly<Record<PingPurpose, number>> = { keepalive: 1, drain: 2, application: 3 };

/** A peer whose bytes come at least so often is in the middle of something: more output to it is soon due. */
export const BUSY_PAUSE_MS = 5;
/**
 * How long the answer to a busy peer's PING may wait for other output to leave with; TCP's own delayed acknowledgement waits 40 ms.
 * grpc-go sends a PING with most messages, to measure bandwidth: alone, each answer is a system call here and another at the
 * peer, which it wakes. Less would cost more than it saves: a timer that is due in 2 ms doubled what a call took at 1×1.
 */
export const PATIENCE_MS = 25;

/** Sends a PING (RFC 9113 §6.7). One is outstanding at a time; a later one takes its place. */
export function sendPing(core: Core, purpose: PingPurpose): void {
  const payload = new Uint8Array(8);
  payload[0] = PING_MARKS[purpose];
  core.writer.ping(payload);
  core.pingOutstanding = purpose;
  core.pingSentAtMs = core.nowMs;
}
