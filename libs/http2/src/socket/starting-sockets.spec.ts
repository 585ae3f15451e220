import { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { StartingSockets } from './starting-sockets.ts';

vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
afterEach(() => vi.clearAllTimers());

function starting() {
  const failed: string[] = [];
  return { failed, sockets: new StartingSockets({ maxStarting: 1000, onFailed: (why) => failed.push(why) }) };
}

test('one timer serves all, and each has its own time', () => {
  const { failed, sockets } = starting();
  for (let count = 0; count < 3; count++) {
    sockets.add(new Socket());
    vi.advanceTimersByTime(4000);
    expect(vi.getTimerCount()).toBe(1);
    expect(failed).toHaveLength(Math.max(0, count - 1));
  }
  vi.advanceTimersByTime(2000);
  expect(failed).toHaveLength(2);
  vi.advanceTimersByTime(4000);
  expect(failed).toHaveLength(3);
});

test('who is done has no time-out any more, and when all are no timer is left', () => {
  const { failed, sockets } = starting();
  const socket = new Socket();
  sockets.add(socket);
  sockets.done(socket);
  vi.advanceTimersByTime(10_000);
  expect(failed).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
