/** Lets go of one thing; when `signal` aborts (the deadline passed), at once. */
export type DrainStep = (signal: AbortSignal) => Promise<void> | void;

export interface DrainReport {
  /** Steps that failed, or had not ended by the deadline, with the reason. */
  failed: { step: string; reason: string }[];
}

/**
 * Runs the steps in the reverse order of their registration (what was opened last closes first), under one deadline
 * for all. A step that fails does not keep the others from running.
 * @param abortGraceMs how long steps may still take once they were told to cut
 */
export async function drain(
  steps: readonly { name: string; run: DrainStep }[],
  timeoutMs: number,
  abortGraceMs = 1000,
): Promise<DrainReport> {
  const failed: DrainReport['failed'] = [];
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error(`drain timeout of ${timeoutMs} ms`)), timeoutMs);
  for (const { name, run } of steps.toReversed()) {
    try {
      await Promise.race([run(deadline.signal), abortedLongAgo(deadline.signal, abortGraceMs)]);
    } catch (error) {
      failed.push({ step: name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  clearTimeout(timer);
  return { failed };
}

function abortedLongAgo(signal: AbortSignal, graceMs: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = () => void setTimeout(() => reject(new Error('did not end when cut')), graceMs).unref();
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}
