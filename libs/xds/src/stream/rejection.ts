import { cut } from '../cut.ts';
import type { StreamLimits } from '../limits.ts';
import { versionOf } from '../resource.ts';
import { isReadInFull, rejectedNames } from './rejected-names.ts';
import { take, type Known, type Nack, type Outstanding, type TypeState } from './type-state.ts';

/** Longer texts of a client are cut: they are kept for each resource. */
const maxErrorText = 8192;

/** What a client said no to. */
export interface Rejection {
  /** Its words. */
  error: string;
  atMs: number;
  /** Whether it takes the good resources of a response that it rejects, as it should (gRFC A46). */
  takesTheRest: boolean;
}

type Items = readonly (readonly [name: string, known: Known])[];

/**
 * The client rejected what is outstanding. Those that its error names are kept from it until they change, or until it is
 * their turn to be tried again. Where nothing can be read, it is found out which they are: the next responses have half as
 * many updates each, with what the client had acknowledged before at first.
 * @returns whether it rejected all this before, in the same content
 */
export function reject(
  state: TypeState,
  { version, given, gone }: Outstanding,
  { atMs, takesTheRest, ...rejection }: Rejection,
  limits: StreamLimits,
): { isAgain: boolean } {
  const present: Items = given.map((known) => [known.name, known]);
  for (const name of gone) take(state, name, undefined);
  const isUpdate = ([name, known]: Items[number]) => known.version !== state.acked.get(name)?.version;
  const updates = present.filter(isUpdate);
  const names = present.map(([name]) => name);
  const named = rejectedNames(rejection.error, names);
  const error = cut(rejection.error, maxErrorText);
  state.lastError = { version, error, atMs };
  state.stale = true;

  if (named.size === 0) {
    if (canSplit(state, updates, limits)) return split(state, updates);
    state.unreadable++;
    // No more of this: all that is left is tried at once, and rejected at once.
    if (state.unreadable >= limits.unreadable) state.batch = Infinity;
  }
  const suspects = named.size > 0 ? named : suspectsAmong(state, updates);
  const isAgain = present.every(
    ([name, known]) => !suspects.has(name) || state.nacked?.get(name)?.version === known.version,
  );
  const rest = present.filter(([name]) => !suspects.has(name));
  if (isAllThatItHad(state, rest)) state.hadVersion = '';
  for (const item of rest) {
    if ((takesTheRest && isReadInFull(rejection.error)) || !isUpdate(item)) take(state, ...item);
    else backToAcked(state, item[0]);
  }
  for (const [name, known] of present) {
    if (suspects.has(name)) quarantine(state, name, nackOf(state, name, known, { error, atMs }, limits));
  }
  return { isAgain };
}

/** Updates can be held back and sent bit by bit, unless the client may have had some of them before this stream: see `mayHave`. */
function canSplit(state: TypeState, updates: Items, limits: StreamLimits): boolean {
  if (updates.length < 2 || state.unreadable >= limits.unreadable) return false;
  return updates.every(([name]) => !mayHave(state, name));
}

function split(state: TypeState, updates: Items): { isAgain: boolean } {
  state.unreadable++;
  state.batch = Math.ceil(updates.length / 2);
  for (const [name] of updates) backToAcked(state, name);
  return { isAgain: false };
}

/** Then it has nothing else from before this stream: versions are hashes of contents, also in the process before. */
const isAllThatItHad = (state: TypeState, rest: Items) =>
  state.hadVersion !== '' &&
  versionOf(rest.map(([name, { version }]) => ({ name, version }))) === state.hadVersion;

/** Never what the client had acknowledged in another version, while there is anything else that it may be. */
function suspectsAmong(state: TypeState, updates: Items): ReadonlySet<string> {
  const unknown = updates.filter(([name]) => !state.acked.has(name));
  return new Set((unknown.length > 0 ? unknown : updates).map(([name]) => name));
}

function nackOf(
  state: TypeState,
  name: string,
  { version }: Known,
  { error, atMs }: { error: string; atMs: number },
  { retryMs, retryMaxMs }: StreamLimits,
): Nack {
  const before = state.nacked?.get(name);
  const isSame = before?.version === version;
  // Sent before its time only because it could not be left out: that was no attempt.
  if (isSame && atMs < before.retryAtMs) return { ...before, error };
  const attempts = isSame ? before.attempts + 1 : 1;
  return {
    version,
    error,
    atMs,
    attempts,
    retryAtMs: atMs + Math.min(retryMaxMs, retryMs * 2 ** (attempts - 1)),
  };
}

function quarantine(state: TypeState, name: string, nack: Nack): void {
  (state.nacked ??= new Map()).set(name, nack);
  if (!mayHave(state, name)) backToAcked(state, name);
}

/**
 * The client may have this from before this stream, which does not know of it. To leave it out of a whole set would take
 * it away; so it stays in, and is rejected again with each change of another one, at worst.
 */
export const mayHave = (state: TypeState, name: string): boolean =>
  state.hadVersion !== '' && !state.acked.has(name);

function backToAcked(state: TypeState, name: string): void {
  const before = state.acked.get(name);
  if (before === undefined) state.sent.delete(name);
  else state.sent.set(name, before);
}
