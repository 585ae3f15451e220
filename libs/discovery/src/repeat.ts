/**
 * Runs a task at once and then again some time after each end, so that a slow task never overlaps itself.
 * @param interval milliseconds, or asked for after each run
 * @returns stops after the run that is under way
 */
export function repeat(interval: number | (() => number), task: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const run = async () => {
    await task();
    if (stopped) return;
    timer = setTimeout(() => void run(), typeof interval === 'number' ? interval : interval());
  };
  void run();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
