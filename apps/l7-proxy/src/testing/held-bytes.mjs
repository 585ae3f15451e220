/*
 * For tests, in the process that they look at (`node --expose-gc --import …/held-bytes.mjs`): at SIGUSR2 it says in a line how
 * much it holds. What is garbage is none of that, nor what V8 has in reserve; of both the size of the process says more than
 * of what is held.
 */
process.on('SIGUSR2', () => {
  if (globalThis.gc === undefined) throw new Error('node has to run with --expose-gc');
  // Twice: the first one leaves some buffers to be freed beside it.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ event: 'held', bytes: heapUsed + external })}\n`);
});
