import { Gauge, type Registry } from 'prom-client';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** For the timer of prom-client's own figures, which cannot be left out: so it never goes off. */
export const neverMs = 2 ** 31 - 1;

/** How often the lag is looked at while it is. Lags that hurt are longer than this, and are seen. */
const sampleMs = 200;
/** A loop that is busy for less of its time between two readings does not lag, and is not looked at. */
const leastBusy = 0.02;

const figures = {
  min: ['The minimum recorded event loop delay.', 'min'],
  max: ['The maximum recorded event loop delay.', 'max'],
  mean: ['The mean of the recorded event loop delays.', 'average'],
  stddev: ['The standard deviation of the recorded event loop delays.', 'average'],
  p50: ['The 50th percentile of the recorded event loop delays.', 'average'],
  p90: ['The 90th percentile of the recorded event loop delays.', 'average'],
  p99: ['The 99th percentile of the recorded event loop delays.', 'average'],
} as const;

/**
 * The lag of the event loop under the names that prom-client has for it. Its own keeps a timer that wakes a program
 * which does nothing, for as long as it lives. Here the timer runs only while somebody reads the metrics and the
 * program was busy between the last two readings; else all figures are 0.
 */
export function replaceEventLoopLag(register: Registry): void {
  register.removeSingleMetric('nodejs_eventloop_lag_seconds');
  const histogram = monitorEventLoopDelay({ resolution: sampleMs });
  let used = performance.eventLoopUtilization();
  /** Seconds. What is recorded is the time from one look to the next, which is `sampleMs` where nothing lags. */
  const read = (figure: keyof typeof figures): number => {
    if (histogram.count === 0) return 0;
    if (figure === 'stddev') return histogram.stddev / 1e9;
    const nanos = figure.startsWith('p')
      ? histogram.percentile(Number(figure.slice(1)))
      : histogram[figure as 'min' | 'max' | 'mean'];
    return Math.max(0, nanos / 1e9 - sampleMs / 1000);
  };
  // The first of them, for it sets the others before they are read.
  new Gauge({
    name: 'nodejs_eventloop_utilization_ratio',
    help: 'The share of the time since the reading before in which the event loop was busy.',
    aggregator: 'average',
    registers: [register],
    collect() {
      for (const [figure, gauge] of gauges) gauge.set(read(figure));
      histogram.reset();
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, used);
      used = now;
      this.set(utilization);
      if (utilization >= leastBusy) histogram.enable();
      else histogram.disable();
    },
  });
  const gauges = Object.entries(figures).map(([figure, [help, aggregator]]) => {
    const name = `nodejs_eventloop_lag_${figure}_seconds`;
    register.removeSingleMetric(name);
    return [
      figure as keyof typeof figures,
      new Gauge({ name, help, aggregator, registers: [register] }),
    ] as const;
  });
}
