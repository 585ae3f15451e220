import type { HostProcess } from '@evenly/service';

/**
 * npm passes Ctrl-C on to its script, which has it from the terminal already: what comes right after the first signal
 * is that, and no impatience.
 */
const impatienceMs = 2000;

export interface Signals {
  received: boolean;
  first: Promise<{ signal: string }>;
  /** A later one, that is no echo of the first. */
  impatient: Promise<void>;
}

export function watchSignals(host: Pick<HostProcess, 'on'>): Signals {
  let onFirst: (end: { signal: string }) => void = () => undefined;
  let onImpatient: () => void = () => undefined;
  const signals: Signals = {
    received: false,
    first: new Promise((resolve) => (onFirst = resolve)),
    impatient: new Promise((resolve) => (onImpatient = resolve)),
  };
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    host.on(signal, () => {
      firstAt ??= performance.now();
      signals.received = true;
      onFirst({ signal });
      if (performance.now() - firstAt > impatienceMs) onImpatient();
    });
  }
  return signals;
}
