import type { NodeInfo } from '../node.ts';
import type { Resource } from '../resource.ts';
import type { ResourceCache } from '../resource-cache.ts';
import type { ResourceType } from '../resource-type.ts';
import { mayHave } from './rejection.ts';
import type { Nack, TypeState } from './type-state.ts';

/** What a client should have of one type, against what it was sent. */
export interface Plan {
  /** All that it should have now: what it subscribes to and exists, less rejected content, and held removals. */
  wanted: Resource[];
  /** Of those: what it was not sent in this version, or demanded. */
  changed: Resource[];
  /** Names that it was sent, wants, and that are gone. */
  removed: string[];
  /** Names that it demanded and that do not exist. */
  missing: string[];
  /** Of `wanted`, some are gone, and stay with the client for now. */
  keepsGone: boolean;
  /** More is changed than goes into one response now. */
  hasMore: boolean;
}

/** @param mayRemove whether a resource that is gone may be taken from the client now; until then it keeps it */
export function planFor(
  type: ResourceType,
  state: TypeState,
  { cache, node, nowMs }: { cache: ResourceCache; node: NodeInfo; nowMs: number },
  mayRemove: () => boolean,
): Plan {
  const { wildcard, names } = state.subscription;
  const existing = wildcard ? cache.all(type, node) : existingOf(names, type, { cache, node });
  const wanted =
    state.nacked === undefined
      ? existing
      : existing.flatMap((item) => withoutRejected(state, item, nowMs) ?? []);
  // Mostly all that was asked for is there, and then nothing is gone that was sent or demanded.
  const isAllThere = !wildcard && existing.length === names.size;
  const here = isAllThere ? names : new Set(existing.map(({ name }) => name));

  const removed: string[] = [];
  let keepsGone = false;
  for (const [name, known] of state.sent) {
    if (here.has(name)) continue;
    if (cache.isPartial) wanted.push(...(known.resource === undefined ? [] : [known.resource]));
    else if (known.resource === undefined || mayRemove()) removed.push(name);
    else {
      keepsGone = true;
      wanted.push(known.resource);
    }
  }
  const isChanged = ({ name, version }: Resource) =>
    state.sent.get(name)?.version !== version ||
    state.demanded?.has(name) === true ||
    isDueAgain(state.nacked?.get(name), version, nowMs);
  const missing: string[] = [];
  if (!cache.isPartial) for (const name of state.demanded ?? []) if (!here.has(name)) missing.push(name);
  const batch = inBatches(state, wanted, wanted.filter(isChanged));
  // One literal: there is a plan for each client that a change concerns, and V8 is slow to spread objects together.
  return {
    wanted: batch.wanted,
    changed: batch.changed,
    removed,
    missing,
    keepsGone,
    hasMore: batch.hasMore,
  };
}

/**
 * Whether the client has to wait until the cache is whole. A response in place of all that it has would take from it what may
 * still come, and one that asks for everything could not know that this is a part of it. A client that is new gets what there
 * is of what it asks for, if that is anything.
 */
export function waitsForTheWhole(
  type: ResourceType,
  { subscription, hadVersion }: TypeState,
  { cache, node }: { cache: ResourceCache; node: NodeInfo },
): boolean {
  if (!cache.isPartial) return false;
  const { names, wildcard } = subscription;
  if (wildcard) return true;
  const known = [...names].filter((name) => cache.get(type, name, node) !== undefined).length;
  return known === 0 || (hadVersion !== '' && known < names.size);
}

function existingOf(
  names: ReadonlySet<string>,
  type: ResourceType,
  { cache, node }: { cache: ResourceCache; node: NodeInfo },
): Resource[] {
  const existing: Resource[] = [];
  for (const name of names) {
    const item = cache.get(type, name, node);
    if (item !== undefined) existing.push(item);
  }
  return existing;
}

/** Instead of content that the client rejected: what it last accepted, if anything. */
function withoutRejected(state: TypeState, item: Resource, nowMs: number): Resource | undefined {
  const nack = state.nacked?.get(item.name);
  if (nack?.version !== item.version || isDueAgain(nack, item.version, nowMs)) return item;
  return mayHave(state, item.name) ? item : state.acked.get(item.name)?.resource;
}

const isDueAgain = (nack: Nack | undefined, version: string, nowMs: number) =>
  nack !== undefined && nack.version === version && nowMs >= nack.retryAtMs;

/** Holds back what is more than a batch: of that the client keeps what it has. */
function inBatches(
  state: TypeState,
  wanted: Resource[],
  changed: Resource[],
): Pick<Plan, 'wanted' | 'changed' | 'hasMore'> {
  if (changed.length <= state.batch) {
    state.batch = Infinity;
    return { wanted, changed, hasMore: false };
  }
  // First what the client has in another version: a new one is more likely to be what it rejects.
  const [updates, added] = [true, false].map((isKnown) =>
    changed.filter(({ name }) => state.acked.has(name) === isKnown),
  );
  const inOrder = [...updates!, ...added!];
  const later = new Set(inOrder.slice(state.batch).map(({ name }) => name));
  const orAcked = (item: Resource) =>
    later.has(item.name) ? (state.acked.get(item.name)?.resource ?? []) : item;
  return {
    wanted: wanted.flatMap(orAcked),
    changed: changed.filter(({ name }) => !later.has(name)),
    hasMore: true,
  };
}
