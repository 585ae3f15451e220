import type { Logger } from 'pino';
import type { Readiness } from './readiness.ts';

/** How often the log says what is waited for. */
const sayMs = 30_000;
/** Gates that a line names. */
const maxNamed = 20;

/** Says in the log when the program is ready for the first time; until then, now and again, what it waits for. */
export function sayReadiness(readiness: Readiness, log: Pick<Logger, 'info' | 'warn'>): () => void {
  const waiting = setInterval(() => {
    const { waiting: gates } = readiness;
    log.warn({ gates: gates.slice(0, maxNamed), count: gates.length }, 'not ready yet');
  }, sayMs).unref();
  const stop = () => {
    clearInterval(waiting);
    stopWatching();
  };
  const stopWatching = readiness.onChange(() => {
    if (!readiness.isReady) return;
    stop();
    log.info('ready');
  });
  return stop;
}
