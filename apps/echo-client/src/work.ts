import { setTimeout as wait } from 'node:timers/promises';
import type { CallResult } from './caller.ts';
import { runMode, type ModeConfig } from './modes.ts';

/** What the work needs of the one who calls, and whom it tells. */
export interface WorkParts {
  call(dueMs?: number): Promise<CallResult>;
  inFlight(): number;
  /** Told about each call when it ends. */
  ended(result: CallResult): void;
  skipped(): void;
}

/** The calls of a run, from the first until they are stopped or as many as wanted are made. */
export class CallWork {
  /** Resolves when no more calls are made and the last one has ended. */
  readonly done: Promise<void>;
  readonly #end = new AbortController();
  readonly #beginMs = performance.now();
  #left: number;

  /** @param maxCalls how many to make at most; begins at once */
  constructor(config: ModeConfig, parts: WorkParts, maxCalls = Infinity) {
    this.#left = maxCalls;
    this.done = runMode(config, {
      take: () => !this.#end.signal.aborted && this.#left-- > 0,
      call: async (dueMs) => {
        const result = await parts.call(dueMs);
        parts.ended(result);
        return result;
      },
      skip: () => parts.skipped(),
      inFlight: () => parts.inFlight(),
      sleep: (ms) => this.#sleep(ms),
      random: Math.random,
    });
  }

  get seconds(): number {
    return (performance.now() - this.#beginMs) / 1000;
  }

  /** No more calls. */
  stop(): void {
    this.#end.abort();
  }

  async #sleep(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#end.signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  }
}
