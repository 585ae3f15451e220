import type { Harness } from './wire.ts';

const MOST = 20_000;

/** Feeds what `next` makes until the connection ends, reading (or not) what comes back; returns how many it took. */
export function attack(harness: Harness, next: (round: number) => Buffer[], reads = true): number {
  for (let round = 0; round < MOST; round++) {
    harness.feed(...next(round));
    if (reads) harness.take();
    if (harness.closedWith !== 'open') return round + 1;
  }
  throw new Error(`not closed after ${MOST} rounds`);
}

export const streamId = (round: number): number => round * 2 + 1;
