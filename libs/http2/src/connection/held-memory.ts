import { ErrorCode, Http2Error } from '../errors.ts';
import type { HeaderBlock } from '../headers/block.ts';
import { MAX_MEMO_BYTES } from '../headers/memo.ts';
import type { MemoryShare } from '../memory/share.ts';
import type { Stream } from './stream.ts';

/*
 * What the connection holds for its peer beside content, counted in its share of the process's memory (`src/memory`):
 * header blocks of open streams, output that the peer does not read, frames and blocks that have begun, and what is
 * remembered to be fast. Content is counted where it comes and goes (`receive-data.ts`, `send.ts`).
 */

/** What an open stream takes without its header blocks, with what a forwarder knows of its call. */
const STREAM_BYTES = 1_024;
/** What is remembered of a connection's blocks while there is no room for more. */
const LEAST_MEMO_BYTES = 16_384;

/** What of a connection's state is counted; `Core` has it. */
interface HoldingConnection {
  readonly memory: MemoryShare | undefined;
  readonly writable: boolean;
  readonly writer: { readonly pending: number };
  readonly inTransport: number;
  readonly openBlock: { readonly bytes: { readonly bytes: Uint8Array } } | undefined;
  readonly memo: { readonly bytesKept: number };
  countedUnsent: number;
  countedInput: number;
  countedMemo: number;
}

/** What a stream that begins with this block will take. */
export function bytesOf(block: HeaderBlock): number {
  return block.memoryBytes + STREAM_BYTES;
}

/** A block is kept for as long as its stream is open, or the work for it runs (`hold`). */
export function keepBlock(core: HoldingConnection, stream: Stream, block: HeaderBlock): void {
  const bytes = stream.keptBytes === 0 ? bytesOf(block) : block.memoryBytes;
  stream.keptBytes += bytes;
  core.memory!.add(bytes);
}

/** The end of all blocks of a stream. */
export function forgetBlocks(core: HoldingConnection, stream: Stream): void {
  if (stream.keptBytes === 0) return;
  core.memory!.add(-stream.keptBytes);
  stream.keptBytes = 0;
}

/**
 * Output counts from when the transport takes no more: what leaves with the turn is nobody's burden. What the transport
 * has taken and not sent is part of it.
 */
export function countUnsent(core: HoldingConnection): void {
  if (core.memory === undefined) return;
  const bytes = core.writable ? 0 : core.writer.pending + core.inTransport;
  if (bytes === core.countedUnsent) return;
  core.memory.add(bytes - core.countedUnsent);
  core.countedUnsent = bytes;
}

/**
 * After each read: a frame that is not whole yet, and a block that goes on.
 * @param frameBytes memory of the frame
 * @throws Http2Error ENHANCE_YOUR_CALM for a block while nothing more may be kept
 */
export function countInput(core: HoldingConnection, frameBytes: number): void {
  const { memory, openBlock } = core;
  if (memory === undefined) return;
  const bytes = frameBytes + (openBlock?.bytes.bytes.length ?? 0);
  if (bytes === core.countedInput) return;
  memory.add(bytes - core.countedInput);
  core.countedInput = bytes;
  if (openBlock !== undefined && memory.refusesMore)
    throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, 'memory is used up by open header blocks');
}

/** Most bytes of blocks that may be remembered now. */
export function memoLimit({ memory }: HoldingConnection): number {
  return memory === undefined || memory.budget.mayCache ? MAX_MEMO_BYTES : LEAST_MEMO_BYTES;
}

export function countMemo(core: HoldingConnection): void {
  const { memory, memo } = core;
  if (memory === undefined || memo.bytesKept === core.countedMemo) return;
  memory.addCached(memo.bytesKept - core.countedMemo);
  core.countedMemo = memo.bytesKept;
}
