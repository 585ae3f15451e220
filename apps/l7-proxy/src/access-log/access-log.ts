import { ServiceError, type Runtime } from '@evenly/service';
import { Counter } from 'prom-client';
import type { ObserveCall } from '../call/call-observer.ts';
import { AccessLogEntry } from './entry.ts';
import { LineWriter } from './line-writer.ts';

export interface AccessLogOptions {
  /** `off`, `stdout`, or a file's path. */
  accessLog: string;
  /** The share of the calls that get a line. */
  accessLogSample: number;
}

/**
 * A line of JSON for each call, or for some of them.
 * @returns undefined when it is off
 * @throws ServiceError BAD_CONFIG when the file cannot be written
 */
export async function startAccessLog(
  { accessLog, accessLogSample }: AccessLogOptions,
  { log, metrics, onDrain }: Pick<Runtime, 'log' | 'metrics' | 'onDrain'>,
): Promise<ObserveCall | undefined> {
  if (accessLog === 'off') return undefined;
  const onError = ({ message }: Error) => log.error({ reason: message }, 'access log cannot be written');
  const open = LineWriter.open(accessLog === 'stdout' ? 1 : accessLog, onError);
  const writer = await open.catch((cause: Error) => {
    throw new ServiceError('BAD_CONFIG', `--access-log: ${cause.message}`, { cause });
  });
  const dropped: Counter = new Counter({
    name: 'evenly_proxy_access_log_dropped_total',
    help: 'Lines of the access log that their destination did not take in time',
    registers: [metrics],
    collect: () => {
      dropped.reset();
      dropped.inc(writer.dropped);
    },
  });
  onDrain('access log', (signal) => writer.close(signal));
  const write = (line: string) => writer.write(line);
  return (start) => (Math.random() < accessLogSample ? new AccessLogEntry(start, write) : undefined);
}
