import { DiscoveryError } from '@evenly/endpoints';
import { objectKey, type KubernetesApi, type Scope } from '@evenly/kubernetes';
import { endpointSliceKind, type EndpointSlice } from './endpoint-slice.ts';

export interface SliceListener {
  /** All slices of the service, whenever one may have changed. The map goes on changing. */
  onSlices(slices: ReadonlyMap<string, EndpointSlice>): void;
  /** Said once, until the reason is another one or `onWatching` came. Attempts go on. */
  onError(error: DiscoveryError): void;
  /** From now on nothing is missed. */
  onWatching(): void;
}

/** Somebody who follows a service, by `namespace/service`. */
export interface SliceMember {
  service: string;
  listener: SliceListener;
}

/** More than this of one service is an error, TOO_MANY: something else than a service is being followed. */
export const sliceLimits = { slices: 1000, endpoints: 20_000 } as const;

const none: ReadonlyMap<string, EndpointSlice> = new Map();

/** All slices of a scope, by the service that they belong to, from one watch. */
export class SliceArea {
  readonly #members = new Map<string, Set<SliceMember>>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  /** Which service a slice counted for: its label may change, and of one that is deleted only the key is told. */
  readonly #serviceOf = new Map<string, string>();
  readonly #tooMany = new Set<string>();
  #isKnown = false;
  #error: DiscoveryError | undefined;
  readonly stop: () => void;

  /** @param onRefused told when the whole scope is forbidden and nothing of it is known; nobody else hears of that */
  constructor(api: KubernetesApi, scope: Scope, onRefused?: () => void) {
    this.stop = api.watch(endpointSliceKind, scope, {
      onObjects: (objects, changed) => this.#take(objects, changed),
      onError: (error) => {
        if (onRefused !== undefined && !this.#isKnown && error.code === 'FORBIDDEN') return onRefused();
        this.#error = error;
        this.#each((member) => member.listener.onError(error));
      },
      onWatching: () => {
        this.#error = undefined;
        this.#each((member) => {
          if (!this.#tooMany.has(member.service)) member.listener.onWatching();
        });
      },
    });
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Tells what is known, never within this call. */
  join(member: SliceMember): void {
    const members = this.#members.get(member.service) ?? new Set();
    this.#members.set(member.service, members.add(member));
    queueMicrotask(() => {
      if (!members.has(member)) return;
      if (this.#isKnown) this.#tell(member.service, [member]);
      if (this.#error !== undefined) member.listener.onError(this.#error);
    });
  }

  leave(member: SliceMember): void {
    const members = this.#members.get(member.service);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(member.service);
  }

  #take(objects: ReadonlyMap<string, EndpointSlice>, changed: ReadonlySet<string>): void {
    const touched = new Set<string>();
    for (const key of changed) {
      const before = this.#serviceOf.get(key);
      const slice = objects.get(key);
      const now = slice && serviceOf(key, slice);
      if (before !== undefined && before !== now) this.#forget(key, before);
      if (before !== undefined) touched.add(before);
      if (slice === undefined || now === undefined) continue;
      const ofService = this.#slices.get(now) ?? new Map<string, EndpointSlice>();
      this.#slices.set(now, ofService.set(key, slice));
      this.#serviceOf.set(key, now);
      touched.add(now);
    }
    const told = this.#isKnown ? touched : this.#members.keys();
    this.#isKnown = true;
    for (const service of [...told]) this.#tell(service, this.#members.get(service) ?? []);
  }

  #forget(key: string, service: string): void {
    this.#serviceOf.delete(key);
    const ofService = this.#slices.get(service);
    ofService?.delete(key);
    if (ofService?.size === 0) this.#slices.delete(service);
  }

  #tell(service: string, members: Iterable<SliceMember>): void {
    const slices = this.#slices.get(service) ?? none;
    const error = sizeError(slices);
    const wasTooMany = error ? !this.#tooMany.add(service) : this.#tooMany.delete(service);
    for (const { listener } of [...members]) {
      if (error !== undefined) listener.onError(error);
      else listener.onSlices(slices);
      if (wasTooMany && this.#error === undefined) listener.onWatching();
    }
  }

  #each(tell: (member: SliceMember) => void): void {
    for (const members of [...this.#members.values()]) for (const member of [...members]) tell(member);
  }
}

function serviceOf(key: string, { service }: EndpointSlice): string | undefined {
  if (service === undefined) return undefined;
  return objectKey({ namespace: key.slice(0, key.indexOf('/')), name: service });
}

function sizeError(slices: ReadonlyMap<string, EndpointSlice>): DiscoveryError | undefined {
  let endpoints = 0;
  for (const slice of slices.values()) endpoints += slice.endpoints.length;
  if (slices.size <= sliceLimits.slices && endpoints <= sliceLimits.endpoints) return undefined;
  const most = `at most ${sliceLimits.slices} and ${sliceLimits.endpoints} are used`;
  return new DiscoveryError('TOO_MANY', `${slices.size} EndpointSlices with ${endpoints} endpoints; ${most}`);
}
