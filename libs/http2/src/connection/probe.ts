import { ErrorCode, Http2Error } from '../errors.ts';
import type { Core } from './core.ts';

/**
 * A peer that has been silent since something was sent is asked for a sign of life. By an empty SETTINGS, which it has to
 * acknowledge at once (RFC 9113 §6.5.3), and not by PING: gRPC servers count PINGs that come while they send nothing, and end the
 * connection with GOAWAY too_many_pings at the third or fourth (grpc-go, grpc-java, the C core). A peer that is only slow, or a
 * stream on which nothing happens, is asked once for each time that something was sent.
 */
export function checkProbe(core: Core): void {
  const { probeAfterMs, probeTimeoutMs } = core.limits;
  if (probeAfterMs === 0 || core.silentSinceMs === 0 || !core.settingsAcknowledged) return;
  if (core.probedAtMs === 0) {
    if (core.nowMs - core.silentSinceMs < probeAfterMs) return;
    core.writer.settings([], false);
    core.probedAtMs = core.nowMs;
  } else if (core.nowMs - core.probedAtMs >= probeTimeoutMs) {
    // Not at the first look: after a pause of this process, what the peer has sent meanwhile is yet to be read.
    if (core.probeIsLate) throw new Http2Error(ErrorCode.NO_ERROR, 'no sign of life');
    core.probeIsLate = true;
  }
}

/** HEADERS or DATA leave: the peer is to react in some way. */
export function awaitResponse(core: Core): void {
  if (core.silentSinceMs === 0) core.silentSinceMs = core.nowMs;
}

/** Bytes have come, whatever they are. */
export function answered(core: Core): void {
  core.silentSinceMs = 0;
  core.probedAtMs = 0;
  core.probeIsLate = false;
}
