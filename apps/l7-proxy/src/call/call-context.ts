import type { ReplayStore } from './request/saved-request.ts';
import type { MirrorBudget } from './mirrors/mirror-budget.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** What all calls share. */
export interface CallContext {
  wheel: TimerWheel;
  /** Monotonic, ms. */
  now: () => number;
  random: () => number;
  replay: ReplayStore;
  /** What copies of calls may take. */
  mirrors: MirrorBudget;
  /** Requests without an `x-request-id` get one. */
  requestIds: boolean;
  /** How long a call waits for a connection while no endpoint has one. */
  connectWaitMs: number;
  /** How long a call that its client has cancelled still counts as one of the client's streams. */
  cancelHoldMs: number;
}
