import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SocketLoop, type LoopMember } from './loop.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @param nextMs after each of its ticks, when it wants the next one */
function memberOf(loop: SocketLoop, nextMs: () => number) {
  const ticks: number[] = [];
  const member: LoopMember = {
    dueMs: 0,
    flush: () => {},
    tick: (nowMs) => {
      ticks.push(nowMs);
      return nextMs();
    },
  };
  loop.add(member);
  return { member, ticks };
}

describe('a loop', () => {
  const start = () => {
    const beganMs = Date.now();
    return new SocketLoop({ now: () => 1 + Date.now() - beganMs });
  };

  it('has no timer while nobody has anything due', () => {
    const loop = start();
    const { member, ticks } = memberOf(loop, () => Infinity);
    vi.advanceTimersByTime(3_600_000);
    expect(ticks).toEqual([1001]);
    expect(vi.getTimerCount()).toBe(0);
    loop.stir(member);
    vi.advanceTimersByTime(3_600_000);
    expect(ticks).toHaveLength(2);
  });

  it('waits for the first that is due, and leaves the others alone', () => {
    const loop = start();
    const late = memberOf(loop, () => 1_000_000);
    const early = memberOf(loop, () => 50_000);
    vi.advanceTimersByTime(60_000);
    expect(early.ticks.slice(0, 2)).toEqual([1001, 50_000]);
    expect(late.ticks).toEqual([1001]);
  });

  it('ticks once a second who wants the next one now', () => {
    const loop = start();
    const { ticks } = memberOf(loop, () => loop.now());
    vi.advanceTimersByTime(5_000);
    expect(ticks).toEqual([1001, 2001, 3001, 4001, 5001]);
  });

  it('looks soon at one to which something happened, however long it waits for others', () => {
    const loop = start();
    const quiet = memberOf(loop, () => 1_000_000);
    const other = memberOf(loop, () => Infinity);
    vi.advanceTimersByTime(10_000);
    loop.stir(other.member);
    vi.advanceTimersByTime(10_000);
    expect(other.ticks).toEqual([1001, 11_001]);
    expect(quiet.ticks).toEqual([1001]);
  });

  it('has no timer once all have gone', () => {
    const loop = start();
    const { member } = memberOf(loop, () => loop.now());
    loop.remove(member);
    expect(vi.getTimerCount()).toBe(0);
  });
});
