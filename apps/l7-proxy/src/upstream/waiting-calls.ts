import type { CircuitBreaker } from '@evenly/balancing';

/** A call that has nowhere to go yet. */
export interface WaitingCall {
  /** Goes on, if it can, and leaves the queue with that. @returns whether others may go on too */
  proceed(): boolean;
}

/** Calls that wait for a connection, first come first served; the circuit breaker says how many. */
export class WaitingCalls {
  readonly #calls = new Map<WaitingCall, CircuitBreaker>();

  get size(): number {
    return this.#calls.size;
  }

  /** @returns false when too many wait already */
  add(call: WaitingCall, breaker: CircuitBreaker): boolean {
    if (this.#calls.has(call)) return true;
    if (!breaker.tryStart('pending')) return false;
    this.#calls.set(call, breaker);
    return true;
  }

  /** For a call that goes on, or has ended otherwise. */
  remove(call: WaitingCall): void {
    const breaker = this.#calls.get(call);
    if (breaker === undefined) return;
    this.#calls.delete(call);
    breaker.end('pending');
  }

  /** There may be room: lets calls go on until one has to wait again. */
  serve(): void {
    // A call that has gone on may wait anew by now, where the connection did not even take its request.
    for (const call of this.#calls.keys()) if (!call.proceed()) return;
  }
}
