/** A wait is as many turns of a timer. */
const turns = 10;

/**
 * A wait in which only the time counts that this process had to work: it is cut into turns, and one that comes late, because
 * the process was busy or got no CPU, counts as one all the same. What arrived meanwhile is read between two turns. So
 * a process that lags does not take its own delay for that of others.
 * @returns cancels
 */
export function waitOwnTime(
  ms: number,
  { onHalf, onEnd }: { onHalf: () => void; onEnd: () => void },
): () => void {
  let turn = 0;
  const timer = setInterval(() => {
    turn++;
    if (turn === turns / 2) onHalf();
    if (turn < turns) return;
    clearInterval(timer);
    onEnd();
  }, ms / turns);
  return () => clearInterval(timer);
}
