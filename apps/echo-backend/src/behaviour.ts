import { explainIssues } from '@evenly/endpoints/faults';
import { formatDuration, values } from '@evenly/service';
import * as z from 'zod';
import { maxDelayMs } from './config.ts';

/** How this pod treats its calls now. Experiments change it while it runs. */
export interface Behaviour {
  /** What grpc.health.v1 says: SERVING or NOT_SERVING. */
  healthy: boolean;
  /** Wait before each echo answer, milliseconds. */
  delayMs: number;
  /** Share of the echo calls that fail, 0 to 1. */
  failRatio: number;
  /** Every call, health checks included, is accepted and not answered while this is true. */
  hang: boolean;
}

/** Which field of a behaviour patch is wrong, and why. */
export interface BehaviourFault {
  field: string;
  reason: string;
}

const fields = 'healthy, delay, failRatio, hang';

const patchSchema = z.strictObject({
  healthy: z.boolean().optional(),
  delay: values.duration(0, maxDelayMs).optional(),
  failRatio: z.number().min(0).max(1).optional(),
  hang: z.boolean().optional(),
});

/**
 * Reads the JSON of a `PATCH /behaviour`, for example `{"delay": "200ms", "hang": true}`.
 * @returns the fields to change, or every fault
 */
export function readBehaviourPatch(
  json: unknown,
): { ok: true; patch: Partial<Behaviour> } | { ok: false; faults: BehaviourFault[] } {
  const result = patchSchema.safeParse(json);
  if (!result.success) {
    const explained = explainIssues(result.error.issues, { value: json, schema: patchSchema });
    const faults = explained.map(({ path, reason }) => ({ field: path.join('.') || 'body', reason }));
    return { ok: false, faults };
  }
  const { delay, ...same } = result.data;
  const given = Object.entries(delay === undefined ? same : { ...same, delayMs: delay });
  // An empty patch is more likely a mistake (a body that got lost) than a wish.
  if (given.length === 0)
    return { ok: false, faults: [{ field: 'body', reason: `expected at least one of ${fields}` }] };
  const patch = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Partial<Behaviour>;
  return { ok: true, patch };
}

/** A behaviour as `GET /behaviour` shows it: the form that PATCH takes. */
export function showBehaviour({ delayMs, ...same }: Behaviour): Record<string, unknown> {
  return { ...same, delay: formatDuration(delayMs) };
}

/** The current behaviour, and who wants to know when it changes. */
export class LiveBehaviour {
  #now: Readonly<Behaviour>;
  readonly #listeners: ((now: Readonly<Behaviour>) => void)[] = [];

  constructor(initial: Behaviour) {
    this.#now = initial;
  }

  get now(): Readonly<Behaviour> {
    return this.#now;
  }

  change(patch: Partial<Behaviour>): void {
    this.#now = { ...this.#now, ...patch };
    for (const listener of this.#listeners) listener(this.#now);
  }

  /** Calls the listener at once and after every change, for as long as the program runs. */
  watch(listener: (now: Readonly<Behaviour>) => void): void {
    this.#listeners.push(listener);
    listener(this.#now);
  }
}
