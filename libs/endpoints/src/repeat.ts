export interface Repetition {
  /** Runs the task after at most so many milliseconds from now, if nothing runs already. */
  hasten(ms: number): void;
  /** Stops after the run that is under way. */
  stop(): void;
}

/**
 * Runs a task at once and then again some time after each end, so that a slow task never overlaps itself.
 * @param interval milliseconds, or asked for after each run
 * @param unref the timer does not keep the process alive
 */
export function repeat(
  interval: number | (() => number),
  task: () => Promise<void>,
  unref = false,
): Repetition {
  let timer: NodeJS.Timeout | undefined;
  let dueMs = 0;
  let stopped = false;
  const runAfter = (ms: number) => {
    dueMs = performance.now() + ms;
    timer = setTimeout(() => void run(), ms);
    if (unref) timer.unref();
  };
  const run = async () => {
    timer = undefined;
    await task();
    if (!stopped) runAfter(typeof interval === 'number' ? interval : interval());
  };
  void run();
  return {
    hasten: (ms) => {
      if (timer === undefined || dueMs <= performance.now() + ms) return;
      clearTimeout(timer);
      runAfter(ms);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
