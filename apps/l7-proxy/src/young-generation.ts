import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Of both halves of the new space. */
const enoughBytes = 4 * 1024 * 1024;

/**
 * Keeps the heap's new space from growing to 32 MiB. A call's objects live for a millisecond, so 4 MiB collect as cheaply,
 * and stay in the processor's cache. V8 has `--max-semi-space-size` for it, but only on node's command line, which is not
 * ours; how fast it grows can be set at any time. It is looked at after each collection, for it grows there and nowhere else.
 */
export function capYoungGeneration(): void {
  let growth = 0;
  const adjust = () => {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    const wanted = space !== undefined && space.space_size >= enoughBytes ? 1 : 2;
    if (wanted === growth) return;
    growth = wanted;
    setFlagsFromString(`--semi-space-growth-factor=${growth}`);
  };
  adjust();
  new PerformanceObserver(adjust).observe({ entryTypes: ['gc'] });
}
