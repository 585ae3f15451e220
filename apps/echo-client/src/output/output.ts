import type { Writable } from 'node:stream';
import type { CallResult } from '../caller.ts';
import type { Tally } from '../tally.ts';

/** Standard output, or what stands for it. On Linux a pipe is written to synchronously: a slow reader slows us down. */
export type Sink = Writable & { isTTY?: boolean; rows?: number };

/** Shows the work to people or to programs. */
export interface Output {
  /** True when it draws over its own lines, so that nobody else may write between them. */
  readonly isLive: boolean;
  call(result: CallResult): void;
  skip(): void;
  /** At the very end. */
  summary(all: Tally, seconds: number): void;
}
