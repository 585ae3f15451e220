import { hashText } from '@evenly/balancing';
import type { HeaderBlock } from '@evenly/http2';
import { headerValue } from '../routing/header-value.ts';
import type { ReadyRoute } from '../routing/route-table.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { AttemptStrategy } from './attempts/attempt-strategy.ts';
import { Hedging } from './attempts/hedging.ts';
import { Retries } from './attempts/retries.ts';
import { single } from './attempts/single.ts';

/* What holds for a call: what its route says, or else the policy of the service that it goes to. */

/** How a call gets to endpoints. Of retries and hedging the route's come first, and only one of them holds. */
export function attemptStrategy(
  { route }: ReadyRoute<Cluster>,
  { policy }: Cluster,
  isGrpc: boolean,
): AttemptStrategy {
  const hedge = route.hedge ?? (route.retry === undefined ? policy.hedge : undefined);
  if (hedge !== undefined && isGrpc) return new Hedging(hedge);
  const retry = route.retry ?? (route.hedge === undefined ? policy.retry : undefined);
  return retry === undefined ? single : new Retries(retry);
}

/** Infinity: none. @param callersMs what the caller asked for; the shorter one holds */
export function timeoutOf(
  { route }: ReadyRoute<Cluster>,
  { policy }: Cluster,
  callersMs: number | undefined,
): number {
  return Math.min(callersMs ?? Infinity, route.timeoutMs ?? policy.timeoutMs ?? Infinity);
}

/** Decides who gets a call that sticks to an endpoint; undefined: it sticks to none. */
export function stickyHash(
  { route }: ReadyRoute<Cluster>,
  { policy }: Cluster,
  block: HeaderBlock,
): number | undefined {
  const header = route.hashHeader ?? policy.hashHeader;
  if (header === undefined) return undefined;
  const value = headerValue(block, header);
  return value === undefined ? undefined : hashText(value);
}
