import { DiscoveryError } from '@evenly/endpoints';
import { readEndpointSlice, type EndpointSlice } from './endpoint-slice.ts';

/** More than this of one service is an error, TOO_MANY: something else than a service is being watched. */
export const sliceLimits = { slices: 1000, endpoints: 20_000 } as const;

/** What to ask the API server next. */
export type SliceRequest =
  { kind: 'list'; continueToken?: string } | { kind: 'watch'; resourceVersion: string };

/** What an event did: `expired` means that the history asked for is gone (410), and `request` is a list again. */
export type EventOutcome = 'changed' | 'unchanged' | 'expired';

interface ListObject {
  kind?: unknown;
  metadata?: { resourceVersion?: unknown; continue?: unknown };
  items?: unknown;
}

interface EventObject {
  type?: unknown;
  object?: { metadata?: { name?: unknown; resourceVersion?: unknown }; code?: unknown; message?: unknown };
}

/**
 * Keeps the slices of one service by the API's list and watch protocol, without any I/O: answers go in, and out come
 * the slices and the next request. A list replaces everything, so what was deleted while nobody watched is gone too.
 */
export class SliceState {
  #slices: ReadonlyMap<string, EndpointSlice> = new Map();
  #listing = new Map<string, EndpointSlice>();
  #request: SliceRequest = { kind: 'list' };

  get request(): SliceRequest {
    return this.#request;
  }

  /** As of the last whole list and the events since. Another map after each change. */
  get slices(): ReadonlyMap<string, EndpointSlice> {
    return this.#slices;
  }

  /** Starts again with a list, when nothing that came is to be trusted. The slices stay until that is whole. */
  relist(): void {
    this.#listing = new Map();
    this.#request = { kind: 'list' };
  }

  /**
   * Takes a page of a list.
   * @returns true when it was the last one, and the slices are those of the list
   * @throws DiscoveryError INVALID, TOO_MANY; then relist
   */
  page(body: unknown): boolean {
    const { kind, metadata, items } = (body ?? {}) as ListObject;
    const resourceVersion = metadata?.resourceVersion;
    if (kind !== 'EndpointSliceList' || typeof resourceVersion !== 'string' || !Array.isArray(items))
      throw new DiscoveryError('INVALID', `the API server sent what is no list of EndpointSlices`);
    for (const item of items) {
      const slice = readEndpointSlice(item);
      this.#listing.set(slice.name, slice);
    }
    checkSize(this.#listing);
    if (typeof metadata?.continue === 'string' && metadata.continue !== '') {
      this.#request = { kind: 'list', continueToken: metadata.continue };
      return false;
    }
    this.#replace(this.#listing);
    this.#listing = new Map();
    this.#request = { kind: 'watch', resourceVersion };
    return true;
  }

  /**
   * Takes an event of the watch.
   * @throws DiscoveryError UNREACHABLE for an ERROR event, INVALID for what is no event, TOO_MANY; then relist
   */
  event(event: unknown): EventOutcome {
    const { type, object } = (event ?? {}) as EventObject;
    if (type === 'ERROR') return this.#error(object);
    const resourceVersion = object?.metadata?.resourceVersion;
    if (typeof resourceVersion !== 'string') throw noEvent(event);
    const outcome = this.#apply(type, object, event);
    this.#request = { kind: 'watch', resourceVersion };
    return outcome;
  }

  #apply(type: unknown, object: EventObject['object'], event: unknown): EventOutcome {
    switch (type) {
      case 'ADDED':
      case 'MODIFIED': {
        const slice = readEndpointSlice(object);
        this.#replace(new Map(this.#slices).set(slice.name, slice));
        return 'changed';
      }
      case 'DELETED': {
        const rest = new Map(this.#slices);
        if (!rest.delete(readEndpointSlice(object).name)) return 'unchanged';
        this.#replace(rest);
        return 'changed';
      }
      case 'BOOKMARK':
        return 'unchanged';
      default:
        throw noEvent(event);
    }
  }

  #replace(slices: ReadonlyMap<string, EndpointSlice>): void {
    checkSize(slices);
    this.#slices = slices;
  }

  #error(status: EventObject['object']): EventOutcome {
    if (status?.code === 410) {
      this.relist();
      return 'expired';
    }
    const reason = typeof status?.message === 'string' ? status.message : JSON.stringify(status);
    throw new DiscoveryError('UNREACHABLE', `the API server ended the watch: ${reason}`);
  }
}

function noEvent(event: unknown): DiscoveryError {
  const got = JSON.stringify(event)?.slice(0, 80);
  return new DiscoveryError('INVALID', `the API server sent what is no watch event: ${got}`);
}

function checkSize(slices: ReadonlyMap<string, EndpointSlice>): void {
  let endpoints = 0;
  for (const slice of slices.values()) endpoints += slice.endpoints.length;
  if (slices.size <= sliceLimits.slices && endpoints <= sliceLimits.endpoints) return;
  const most = `at most ${sliceLimits.slices} and ${sliceLimits.endpoints} are used`;
  throw new DiscoveryError('TOO_MANY', `${slices.size} EndpointSlices with ${endpoints} endpoints; ${most}`);
}
