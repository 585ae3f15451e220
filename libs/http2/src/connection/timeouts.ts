import { ErrorCode, Http2Error } from '../errors.ts';
import type { Core } from './core.ts';
import { returnConnectionCredit } from './credit.ts';
import { drain, sendFinalGoaway } from './drain.ts';
import { sendPing } from './ping.ts';
import { checkProbe } from './probe.ts';
import { limitStream } from './stream-errors.ts';

/** How long a drained peer may take to answer the PING between the two GOAWAYs. */
const DRAIN_PING_TIMEOUT_MS = 1_000;
const IDLE_DRAIN_TIMEOUT_MS = 10_000;

/** Everything that happens because time passed. Called about once a second; deadlines are that exact. */
export function checkTimeouts(core: Core): void {
  checkBeginning(core);
  checkHeaderBlock(core);
  checkReader(core);
  checkProbe(core);
  checkKeepalive(core);
  checkDrain(core);
  // Credit kept back for the process's budget: another connection may have freed it.
  if (core.withheldCredit > 0) returnConnectionCredit(core, 0);
  if (core.streams.size === 0) core.writer.release();
}

/**
 * When the next time-out may be due if nothing happens until then; now: at the next tick. Only what lasts is told apart:
 * a connection without streams, and one whose streams wait for either side to go on.
 */
export function nextTimeout(core: Core): number {
  if (core.closed) return Infinity;
  if (awaitsPeer(core) || core.heldClosedStreams > 0 || core.withheldCredit > 0) return core.nowMs;
  const { idleTimeoutMs, keepaliveIntervalMs } = core.limits;
  const [sinceMs, limitMs] =
    core.streams.size > 0 ? [core.lastReceivedAtMs, keepaliveIntervalMs] : [core.idleSinceMs, idleTimeoutMs];
  return limitMs === 0 ? Infinity : sinceMs + limitMs;
}

/** It owes something for which it has little time. */
function awaitsPeer(core: Core): boolean {
  const starting = !core.settingsReceived || !core.settingsAcknowledged;
  const receiving = core.openBlock !== undefined || core.partialSinceMs > 0;
  const probing = core.silentSinceMs > 0 && core.limits.probeAfterMs > 0;
  const asked = core.pingOutstanding !== 'none' || core.draining;
  return starting || receiving || probing || asked || !core.writable || core.waiting.size > 0;
}

function checkBeginning(core: Core): void {
  const { headerTimeoutMs, settingsTimeoutMs } = core.limits;
  const age = core.nowMs - core.startedAtMs;
  if (!core.settingsReceived && passed(age, headerTimeoutMs))
    timeOut(ErrorCode.SETTINGS_TIMEOUT, 'no SETTINGS');
  if (!core.settingsAcknowledged && passed(age, settingsTimeoutMs)) {
    timeOut(ErrorCode.SETTINGS_TIMEOUT, 'SETTINGS not acknowledged');
  }
}

/** Slow loris: a block, or a frame other than DATA, that does not end. */
function checkHeaderBlock(core: Core): void {
  const sinceMs = core.openBlock?.sinceMs ?? core.partialSinceMs;
  if (sinceMs > 0 && passed(core.nowMs - sinceMs, core.limits.headerTimeoutMs)) {
    timeOut(ErrorCode.ENHANCE_YOUR_CALM, 'header block not finished in time');
  }
}

/** A peer that does not read: at TCP, or by closed windows. */
function checkReader(core: Core): void {
  const { streamStallTimeoutMs } = core.limits;
  if (!core.writable) checkTransport(core);
  if (core.waiting.size > 0 && core.memory?.budget.scarce === true) checkHolding(core);
  for (const stream of [...core.waiting]) {
    const sinceMs = stream.queue?.progressAtMs ?? core.nowMs;
    if (passed(core.nowMs - sinceMs, streamStallTimeoutMs))
      limitStream(core, stream, 'queued data made no progress');
  }
}

/** Who keeps much waiting has less time: that is memory which is others' too (CVE-2019-9517). */
function checkTransport(core: Core): void {
  const { writeStallTimeoutMs, fullStallTimeoutMs, maxStalledBytes } = core.limits;
  const stalledMs = core.nowMs - core.unwritableSinceMs;
  if (passed(stalledMs, writeStallTimeoutMs)) timeOut(ErrorCode.ENHANCE_YOUR_CALM, 'the peer does not read');
  if (!passed(stalledMs, fullStallTimeoutMs)) return;
  const bytes = waitingBytes(core);
  if (bytes > maxStalledBytes) {
    timeOut(ErrorCode.ENHANCE_YOUR_CALM, `the peer does not read, and ${bytes} bytes wait for it`);
  }
}

/** The same by closed windows. They are no offence but back-pressure, until what waits behind them is missed by others. */
function checkHolding(core: Core): void {
  const { fullStallTimeoutMs, maxStalledBytes } = core.limits;
  let progressAtMs = 0;
  for (const { queue } of core.waiting)
    progressAtMs = Math.max(progressAtMs, queue?.progressAtMs ?? core.nowMs);
  if (!passed(core.nowMs - progressAtMs, fullStallTimeoutMs)) return;
  const bytes = waitingBytes(core);
  if (bytes > maxStalledBytes) {
    timeOut(ErrorCode.ENHANCE_YOUR_CALM, `memory is scarce, and ${bytes} bytes wait for the peer's windows`);
  }
}

function waitingBytes(core: Core): number {
  let bytes = core.writer.pending;
  for (const { queue } of core.waiting) bytes += queue?.bytes ?? 0;
  return bytes;
}

function checkKeepalive(core: Core): void {
  const { keepaliveIntervalMs, keepaliveTimeoutMs } = core.limits;
  if (keepaliveIntervalMs === 0) return;
  if (core.pingOutstanding !== 'none') {
    const silent = core.nowMs - Math.max(core.pingSentAtMs, core.lastReceivedAtMs);
    if (passed(silent, keepaliveTimeoutMs)) timeOut(ErrorCode.NO_ERROR, 'keepalive PING not answered');
    return;
  }
  if (core.streams.size === 0) return;
  if (!passed(core.nowMs - core.lastReceivedAtMs, keepaliveIntervalMs)) return;
  sendPing(core, 'keepalive');
}

function checkDrain(core: Core): void {
  if (!core.draining) {
    const busy = core.streams.size > 0 || core.heldClosedStreams > 0;
    if (!busy && passed(core.nowMs - core.idleSinceMs, core.limits.idleTimeoutMs))
      drain(core, IDLE_DRAIN_TIMEOUT_MS);
    return;
  }
  const unanswered =
    core.pingOutstanding === 'drain' && core.nowMs - core.pingSentAtMs >= DRAIN_PING_TIMEOUT_MS;
  if (unanswered) sendFinalGoaway(core);
  if (core.nowMs >= core.drainDeadlineMs) timeOut(ErrorCode.NO_ERROR, 'drain deadline passed');
}

function passed(ageMs: number, limitMs: number): boolean {
  return limitMs > 0 && ageMs >= limitMs;
}

function timeOut(code: number, reason: string): never {
  throw new Http2Error(code, reason);
}
