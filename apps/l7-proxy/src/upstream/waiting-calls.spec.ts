import { CircuitBreaker } from '@evenly/balancing';
import { expect, it } from 'vitest';
import { WaitingCalls, type WaitingCall } from './waiting-calls.ts';

/** A call that goes on as long as there is room, or waits anew by what that does to it. */
class Call implements WaitingCall {
  static room = 0;
  readonly queue: WaitingCalls;
  readonly breaker: CircuitBreaker;
  waitsAnew = 0;

  constructor(queue: WaitingCalls, breaker: CircuitBreaker) {
    this.queue = queue;
    this.breaker = breaker;
    queue.add(this, breaker);
  }

  proceed(): boolean {
    if (Call.room === 0) return false;
    Call.room--;
    this.queue.remove(this);
    if (this.waitsAnew-- > 0) this.queue.add(this, this.breaker);
    return true;
  }
}

it('calls go on in their order until there is no room', () => {
  const [queue, breaker] = [new WaitingCalls(), new CircuitBreaker({ maxPending: 3 })];
  const calls = [1, 2, 3].map(() => new Call(queue, breaker));
  expect(queue.add(new Call(queue, breaker), breaker)).toBe(false);
  Call.room = 2;
  queue.serve();
  expect([queue.size, breaker.underWay('pending')]).toEqual([1, 1]);
  queue.remove(calls[2]!);
  expect([queue.size, breaker.underWay('pending')]).toEqual([0, 0]);
});

it('one whose connection ends as it goes on stays in the queue', () => {
  const [queue, breaker] = [new WaitingCalls(), new CircuitBreaker()];
  const call = new Call(queue, breaker);
  call.waitsAnew = 1;
  Call.room = 1;
  queue.serve();
  expect([queue.size, breaker.underWay('pending')]).toEqual([1, 1]);
  Call.room = 1;
  queue.serve();
  expect([queue.size, breaker.underWay('pending')]).toEqual([0, 0]);
});
