import { endpointKey, type Endpoint } from '@evenly/endpoints';

export interface Thresholds {
  /** Good responses in a row until an endpoint that was out gets calls again. At least 1. */
  healthy: number;
  /** Bad or missing responses in a row until an endpoint gets no more calls. At least 1. */
  unhealthy: number;
}

/** Whether endpoints count as healthy, by their last answers. The first answer of a new endpoint decides by itself. */
export class HealthHistory {
  readonly #thresholds: Thresholds;
  readonly #known = new Map<string, { healthy: boolean; against: number }>();

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  /** Takes an answer. @returns whether the endpoint counts as healthy now */
  note(endpoint: Endpoint, serving: boolean): boolean {
    const key = endpointKey(endpoint);
    const state = this.#known.get(key) ?? { healthy: serving, against: 0 };
    this.#known.set(key, state);
    state.against = serving === state.healthy ? 0 : state.against + 1;
    if (state.against >= (serving ? this.#thresholds.healthy : this.#thresholds.unhealthy)) {
      state.healthy = serving;
      state.against = 0;
    }
    return state.healthy;
  }

  /** Forgets endpoints other than these. */
  retain(endpoints: readonly Endpoint[]): void {
    const keys = new Set(endpoints.map(endpointKey));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }
}
