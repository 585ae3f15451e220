import type { Writable } from 'node:stream';
import type { CallResult } from '../caller.ts';
import type { EchoClientConfig } from '../config.ts';
import type { Tally } from '../tally.ts';
import { JsonOutput } from './json.ts';
import { LinesOutput } from './lines.ts';
import { LiveOutput } from './live.ts';

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

export function createOutput(
  config: Pick<EchoClientConfig, 'output' | 'json' | 'reportEvery' | 'target'>,
  all: Tally,
  sink: Sink,
): Output {
  const { json, reportEvery } = config;
  const form = config.output === 'auto' ? (sink.isTTY && !json ? 'live' : 'tally') : config.output;
  if (json) return new JsonOutput(sink, form === 'calls' ? 'calls' : reportEvery);
  if (form === 'live') return new LiveOutput(sink, all, config.target, reportEvery);
  return new LinesOutput(sink, form === 'calls' ? 'calls' : reportEvery);
}
