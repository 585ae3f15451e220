/**
 * Runs a task at once and then again `intervalMs` after each end, so that a slow task never overlaps itself.
 * @returns stops after the run that is under way
 */
export function repeat(intervalMs: number, task: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const run = async () => {
    await task();
    if (!stopped) timer = setTimeout(() => void run(), intervalMs);
  };
  void run();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
