import { ErrorCode } from '../errors.ts';
import type { Core } from './core.ts';
import type { StreamReset } from './events.ts';
import type { Stream } from './stream.ts';

/**
 * A stream error (RFC 9113 §5.4.2): RST_STREAM, and the application is told. Counted with the peer's own resets,
 * else it could have streams reset without end by malformed frames (MadeYouReset, CVE-2025-8671).
 */
export function violateStream(core: Core, stream: Stream, code: number, reason: string): void {
  if (stream.closed) return;
  core.resetStream(stream, code);
  core.events.onReset(stream, { code, cause: 'violation', unprocessed: false, reason });
  core.flood.spend('resets', core.nowMs, 'stream errors');
}

/** The same for a stream that the application has not seen: refused or malformed from the start. */
export function refuseStream(core: Core, streamId: number, code: number): void {
  core.writer.rstStream(streamId, code);
  core.closedStreams.add(streamId, 'local-reset');
  core.flood.spend('resets', core.nowMs, 'refused streams');
}

/**
 * A limit of ours ends the stream: not the peer's fault by protocol, so it is not counted.
 * @param code ENHANCE_YOUR_CALM is RESOURCE_EXHAUSTED to a gRPC client
 */
export function limitStream(
  core: Core,
  stream: Stream,
  reason: string,
  code: number = ErrorCode.CANCEL,
): void {
  if (stream.closed) return;
  core.resetStream(stream, code);
  core.events.onReset(stream, { code, cause: 'limit', unprocessed: false, reason } satisfies StreamReset);
}

/** Nothing more may be kept for this peer, and the stream has something that would have to be. */
export function outOfMemory(core: Core, stream: Stream): void {
  limitStream(core, stream, 'memory is used up', ErrorCode.ENHANCE_YOUR_CALM);
}

/** The peer has crossed a limit on a stream. Counted as if it were an error, told as what it is. */
export function overLimit(core: Core, stream: Stream, reason: string): void {
  if (stream.closed) return;
  limitStream(core, stream, reason, ErrorCode.ENHANCE_YOUR_CALM);
  core.flood.spend('resets', core.nowMs, 'streams over a limit');
}
