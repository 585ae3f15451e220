import { endpointKey, type Endpoint } from '@evenly/endpoints';
import type { HealthVerdict } from './checker.ts';

export interface Thresholds {
  /** Good responses in a row until an endpoint that was out gets calls again. At least 1. */
  healthy: number;
  /**
   * Missing or late responses in a row until an endpoint gets no more calls. At least 1. One that answers that it is not
   * serving gets none at once: that is no accident of a network or of a busy moment.
   */
  unhealthy: number;
}

/** What came of an endpoint's answers. `slow`: it is out for no other reason than that its answers come too late. */
export type Standing = 'healthy' | 'slow' | 'out';

interface State {
  standing: Standing;
  /** Answers in a row that speak against the standing. */
  against: number;
  /** Of these, all were merely late. */
  onlySlow: boolean;
}

/** Where endpoints stand, by their last answers. The first answer of a new endpoint decides by itself. */
export class HealthHistory {
  readonly #thresholds: Thresholds;
  readonly #known = new Map<string, State>();

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  /** Undefined: it has never been asked. */
  standing(endpoint: Endpoint): Standing | undefined {
    return this.#known.get(endpointKey(endpoint))?.standing;
  }

  /** Takes an answer. @returns where the endpoint stands now */
  note(endpoint: Endpoint, { kind }: HealthVerdict): Standing {
    const key = endpointKey(endpoint);
    const state = this.#known.get(key);
    if (state === undefined) {
      const standing = kind === 'serving' ? 'healthy' : kind === 'slow' ? 'slow' : 'out';
      this.#known.set(key, { standing, against: 0, onlySlow: true });
      return standing;
    }
    if (kind === 'serving') this.#noteGood(state);
    else this.#noteBad(state, kind);
    return state.standing;
  }

  #noteGood(state: State): void {
    if (state.standing === 'healthy') return turn(state, 'healthy');
    if (++state.against >= this.#thresholds.healthy) turn(state, 'healthy');
  }

  #noteBad(state: State, kind: Exclude<HealthVerdict['kind'], 'serving'>): void {
    // What speaks against one that is slow may make it worse; that it is slow makes nobody better who was out.
    if (state.standing !== 'healthy') return turn(state, kind === 'slow' ? state.standing : 'out');
    state.onlySlow &&= kind === 'slow';
    const isEnough = ++state.against >= this.#thresholds.unhealthy || kind === 'not-serving';
    if (isEnough) turn(state, state.onlySlow ? 'slow' : 'out');
  }

  /** Forgets endpoints other than these. */
  retain(endpoints: readonly Endpoint[]): void {
    const keys = new Set(endpoints.map(endpointKey));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }
}

function turn(state: State, standing: Standing): void {
  state.standing = standing;
  state.against = 0;
  state.onlySlow = true;
}
