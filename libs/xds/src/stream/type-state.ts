import type { Resource } from '../resource.ts';
import type { Subscription } from './subscription.ts';

/** A resource that the client has: its version, and its content where we sent it on this stream. */
export interface Known {
  version: string;
  resource: Resource | undefined;
  /** When this version was first sent; undefined when the client has it from an earlier stream. */
  sentAtMs: number | undefined;
}

/** Longer texts of a client are cut: they are kept for each resource. */
const maxErrorText = 8192;

/** A rejected version: not sent again to this client until the content changes. */
export interface Nack {
  version: string;
  /** The client's words, cut to `maxErrorText`. */
  error: string;
  atMs: number;
}

/** A response that the client has not answered yet. */
export interface Outstanding {
  nonce: string;
  version: string;
  sentAtMs: number;
  /** What it said: a resource, or that there is none. */
  items: ReadonlyMap<string, Known | undefined>;
}

/** What one client has of one type. */
export interface TypeState {
  readonly subscription: Subscription;
  /** What was last sent, answered or not. */
  readonly sent: Map<string, Known>;
  /** What was last accepted. */
  readonly acked: Map<string, Known>;
  readonly nacked: Map<string, Nack>;
  /** Names that have to be sent even if unchanged, or told to be missing. */
  readonly demanded: Set<string>;
  /** The cache's revision of this type that all is sent of; undefined: not known, so to be planned anew. */
  plannedFor: number | undefined;
  /** A response is due even if it has nothing new: the answer to a new subscription. */
  responseDue: boolean;
  outstanding: Outstanding | undefined;
  lastNonce: string;
  sentVersion: string | undefined;
  ackedVersion: string | undefined;
  lastError: { version: string; error: string; atMs: number } | undefined;
}

export function newTypeState(subscription: Subscription): TypeState {
  return {
    subscription,
    sent: new Map(),
    acked: new Map(),
    nacked: new Map(),
    demanded: new Set(),
    plannedFor: undefined,
    responseDue: false,
    outstanding: undefined,
    lastNonce: '',
    sentVersion: undefined,
    ackedVersion: undefined,
    lastError: undefined,
  };
}

/** The client took what is outstanding. */
export function acknowledge(state: TypeState, { version, items }: Outstanding): void {
  for (const [name, known] of items) take(state, name, known);
  state.ackedVersion = version;
  state.lastError = undefined;
}

function take(state: TypeState, name: string, known: Known | undefined): void {
  // What it has already, sent again in place of what it rejected, says nothing of the rejected content.
  if (known === undefined || known.version !== state.acked.get(name)?.version) state.nacked.delete(name);
  if (known === undefined) state.acked.delete(name);
  else state.acked.set(name, known);
}

/**
 * The client rejected what is outstanding. Clients take the good resources of a rejected response all the same, and
 * name the bad ones in their error; where no name is found, all that were new in it are suspects.
 */
export function reject(state: TypeState, { version, items }: Outstanding, words: string, atMs: number): void {
  const error = words.slice(0, maxErrorText);
  const news = [...items].filter(([name, known]) => known?.version !== state.acked.get(name)?.version);
  const wordsOfError = new Set(error.split(/[^\w.:/-]+/));
  const named = news.filter(([name]) => wordsOfError.has(name));
  const suspects = new Set((named.length > 0 ? named : news).map(([name]) => name));
  for (const [name, known] of items) {
    if (!suspects.has(name) || known === undefined) take(state, name, known);
    else quarantine(state, name, { version: known.version, error, atMs });
  }
  state.lastError = { version, error, atMs };
  state.plannedFor = undefined;
}

function quarantine(state: TypeState, name: string, nack: Nack): void {
  state.nacked.set(name, nack);
  const before = state.acked.get(name);
  if (before === undefined) state.sent.delete(name);
  else state.sent.set(name, before);
}
