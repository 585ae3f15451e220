import type { Core } from './core.ts';
import type { Stream } from './stream.ts';

/*
 * Two windows towards a sender. A stream's credit goes back as the application consumes its bytes, so a slow
 * receiver stops its own stream. The connection's goes back at once, so one slow stream does not stop the others;
 * what can pile up is bounded by the streams' windows, and by `maxHeldBytes` and the process's budget, above
 * which the connection's credit waits too.
 */

/** `count` bytes arrived and left the connection's window. */
export function returnConnectionCredit(core: Core, count: number): void {
  if (core.heldBytes > core.limits.maxHeldBytes || core.memory?.budget.exhausted === true) {
    core.withheldCredit += count;
    return;
  }
  core.credit += count + core.withheldCredit;
  core.withheldCredit = 0;
  // Half a window at a time: few frames, and the sender never runs dry while we read.
  if (core.credit * 2 < core.settings.connectionWindowSize || core.closed) return;
  core.writer.windowUpdate(0, core.credit);
  core.receiveWindow += core.credit;
  core.credit = 0;
}

/** `count` bytes of the stream need no room any more. */
export function returnStreamCredit(core: Core, stream: Stream, count: number): void {
  stream.credit += count;
  if (stream.remoteEnded || stream.closed || core.closed) return;
  if (stream.credit * 2 < core.localInitialWindow) return;
  core.writer.windowUpdate(stream.id, stream.credit);
  stream.receiveWindow += stream.credit;
  stream.credit = 0;
}

/** The application has passed on, or used, `count` bytes that `onData` gave it. */
export function consume(core: Core, stream: Stream, count: number): void {
  const taken = Math.min(count, stream.heldBytes);
  if (taken === 0) return;
  stream.heldBytes -= taken;
  core.addHeldBytes(-taken);
  returnStreamCredit(core, stream, taken);
  if (core.withheldCredit > 0) returnConnectionCredit(core, 0);
}
