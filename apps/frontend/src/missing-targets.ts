import { lookup } from 'node:dns/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { experimental, status } from '@grpc/grpc-js';
import type { CallReport } from './calls.ts';

/** Longest wait for a second look at the DNS. */
const lookupLimitMs = 1000;

/**
 * Tells "this service does not exist" from "it cannot be reached", which gRPC both calls UNAVAILABLE.
 *
 * xDS: grpc-js-xds says `Listener <name> does not exist` when the control plane took the listener away, or did not send
 * it for 15 s (gRFC A53's resource timer); before that nobody can know, and calls end with DEADLINE_EXCEEDED.
 * DNS: grpc-js says `Name resolution failed` for every reason, so the name is looked up once more to learn which it is.
 * @returns why the service does not exist; undefined when it does, or when that cannot be known
 */
export async function whyMissing(
  error: { code: status; details: string },
  target: string,
  find: (host: string) => Promise<unknown> = lookup,
): Promise<string | undefined> {
  if (error.code !== status.UNAVAILABLE) return undefined;
  const listener = /Listener \S+ does not exist/.exec(error.details);
  if (listener) return listener[0];
  if (!error.details.startsWith('Name resolution failed')) return undefined;

  const path = /^dns:(?:\/\/[^/]*\/)?(.+)$/.exec(target)?.[1];
  const host = path && experimental.splitHostPort(path)?.host;
  if (!host) return undefined;
  const isMissing = find(host).then(
    () => false,
    (cause: NodeJS.ErrnoException) => cause.code === 'ENOTFOUND',
  );
  const missing = await Promise.race([isMissing, wait(lookupLimitMs, false, { ref: false })]);
  return missing ? `the name ${host} does not exist` : undefined;
}

/** Remembers which targets were missing, so that an unknown service stays a 404 while gRPC looks for it again. */
export class MissingTargets {
  readonly #reasons = new Map<string, string>();
  readonly #max: number;

  /** @param max how many are remembered; the oldest are forgotten first */
  constructor(max: number) {
    this.#max = max;
  }

  /** @returns why the target of these calls does not exist; undefined when it does, or when that cannot be known */
  async judge(target: string, { messages, firstFailure }: CallReport): Promise<string | undefined> {
    if (messages.length > 0) this.#reasons.delete(target);
    if (messages.length > 0 || !firstFailure) return undefined;
    if (firstFailure.code === status.DEADLINE_EXCEEDED) return this.#reasons.get(target);
    const reason = await whyMissing(firstFailure, target);
    if (reason !== undefined) this.#remember(target, reason);
    return reason;
  }

  #remember(target: string, reason: string): void {
    this.#reasons.delete(target);
    this.#reasons.set(target, reason);
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size > this.#max && oldest !== undefined) this.#reasons.delete(oldest);
  }
}
