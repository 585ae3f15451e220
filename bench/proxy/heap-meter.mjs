// Preloaded into Node programs by `--reasons`: from one SIGUSR2 to the next it adds up what was allocated on the heap of V8, and
// writes it to `heap-PID.json` in the working directory. Memory of Buffers is not on the heap.
import { writeFileSync } from 'node:fs';
import { GCProfiler, getHeapStatistics } from 'node:v8';

const used = () => getHeapStatistics().used_heap_size;
let profiler;
let atStart = 0;

process.on('SIGUSR2', () => {
  if (profiler === undefined) {
    profiler = new GCProfiler();
    profiler.start();
    atStart = used();
    return;
  }
  // Each collection tells what was used before it and after it: between two of them is what was allocated.
  let last = atStart;
  let bytes = 0;
  for (const { beforeGC, afterGC } of profiler.stop().statistics) {
    bytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - last);
    last = afterGC.heapStatistics.usedHeapSize;
  }
  bytes += Math.max(0, used() - last);
  profiler = undefined;
  writeFileSync(`heap-${process.pid}.json`, JSON.stringify({ bytes }));
});
