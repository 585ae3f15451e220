/** Runs what it is given, such as `compare`'s rolling restarts, one after the other, whoever gives it. */
export type Turns = <T>(run: () => Promise<T>) => Promise<T>;

export function oneAtATime(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const turn = last.then(run);
    // Whoever waits hears of an error; for the next it is only an end.
    last = turn.catch(() => undefined);
    return turn;
  };
}
