import { hashText } from '@evenly/balancing';
import type { HeaderBlock } from '@evenly/http2';
import type { Hedge, Retry } from '@evenly/mesh-config';
import { headerValue } from '../routing/header-value.ts';
import type { ReadyRoute } from '../routing/route-table.ts';
import type { Cluster } from '../upstream/cluster.ts';

/* What holds for a call: what its route says, or else the policy of the service that it goes to. */

export function retryPolicy({ route }: ReadyRoute<Cluster>, { policy }: Cluster): Retry | undefined {
  return route.retry ?? (route.hedge === undefined ? policy.retry : undefined);
}

export function hedgePolicy({ route }: ReadyRoute<Cluster>, { policy }: Cluster): Hedge | undefined {
  return route.hedge ?? (route.retry === undefined ? policy.hedge : undefined);
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
