import type { EchoClientConfig } from '../config.ts';
import type { Tally } from '../tally.ts';
import { JsonOutput } from './json.ts';
import { LinesOutput } from './lines.ts';
import { LiveOutput } from './live.ts';
import type { Output, Sink } from './output.ts';

/** The output that the options ask for; on a terminal, unless they say otherwise, one that moves. */
export function createOutput(
  config: Pick<EchoClientConfig, 'output' | 'json' | 'reportEvery' | 'target'>,
  all: Tally,
  sink: Sink,
): Output {
  const { json, reportEvery } = config;
  const form = config.output === 'auto' ? (sink.isTTY && !json ? 'live' : 'tally') : config.output;
  if (json) return new JsonOutput(sink, all, form === 'calls' ? 'calls' : reportEvery);
  if (form === 'live') return new LiveOutput(sink, all, config.target, reportEvery);
  return new LinesOutput(sink, form === 'calls' ? 'calls' : reportEvery);
}
