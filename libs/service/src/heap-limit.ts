import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { getHeapStatistics } from 'node:v8';

const mebibyte = 1024 * 1024;
/** Of the memory there is, V8's; the rest is for buffers, which live outside of its heap. */
const heapShare = 0.5;
/** From here on the rest is too little for sure. */
const tooMuch = 0.75;
/** With less no program of ours starts. */
const leastMebibytes = 64;

export interface ProcessMemory {
  /** What V8 lets its heap grow to. */
  heapLimitBytes: number;
  /** Of the container, or of the machine where there is none. */
  memoryBytes: number;
}

export function processMemory(): ProcessMemory {
  // A container without a limit has 0, or more than any machine.
  const container = constrainedMemory() || Infinity;
  return {
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    memoryBytes: Math.min(container, totalmem()),
  };
}

/**
 * What to say of a heap that may become larger than the container allows: the kernel then ends the process, before V8 would
 * collect its garbage, or the program refuse work.
 */
export function heapWarning({ heapLimitBytes, memoryBytes }: ProcessMemory): string | undefined {
  if (heapLimitBytes <= memoryBytes * tooMuch) return undefined;
  const [heap, memory] = [heapLimitBytes, memoryBytes].map((bytes) => Math.round(bytes / mebibyte));
  const right = Math.max(leastMebibytes, Math.floor((memoryBytes * heapShare) / mebibyte));
  return `V8 may take ${heap} MiB of the ${memory} MiB there are, and buffers come on top: start node with --max-old-space-size=${right}`;
}

const heapFlag = /^--max[-_]old[-_]space[-_]size/;

/**
 * Node's own flags for each of several processes in one container: together they have what one alone would have. One that
 * was given a smaller heap keeps that.
 * @param flags of this process
 */
export function dividedHeap(
  flags: readonly string[],
  { heapLimitBytes, memoryBytes }: ProcessMemory,
  processes: number,
): string[] {
  const bytes = (memoryBytes * heapShare) / processes;
  if (bytes >= heapLimitBytes) return [...flags];
  const size = Math.max(leastMebibytes, Math.floor(bytes / mebibyte));
  return [...flags.filter((flag) => !heapFlag.test(flag)), `--max-old-space-size=${size}`];
}
