import type { Core, PingPurpose } from './core.ts';

/** The first of a PING's 8 bytes says what it was for, so that its answer is not taken for another's. */
export const PING_MARKS: Readonly<Record<PingPurpose, number>> = { keepalive: 1, drain: 2, application: 3 };

/*
 * Why the answer to a busy peer's PING waits for other output (`pingPatienceMs`), as TCP's own delayed acknowledgement does for
 * 40 ms: grpc-go sends a PING with most messages, to measure bandwidth. Alone, each answer is a system call here and another at
 * the peer, which it wakes. Less would cost more than it saves: a timer that is due in 2 ms doubled what a call took at 1×1.
 */

/** Sends a PING (RFC 9113 §6.7). One is outstanding at a time; a later one takes its place. */
export function sendPing(core: Core, purpose: PingPurpose): void {
  const payload = new Uint8Array(8);
  payload[0] = PING_MARKS[purpose];
  core.writer.ping(payload);
  core.pingOutstanding = purpose;
  core.pingSentAtMs = core.nowMs;
}
