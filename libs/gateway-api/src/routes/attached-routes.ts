import type { Service } from '@evenly/mesh-config';
import type { MergedListener } from '../listeners/merged-listeners.ts';
import { keyOf } from '../objects/meta.ts';
import type { Refusal } from '../status/condition.ts';
import type { Attachment, ParentAttachment } from './attachment.ts';
import type { AnyRoute, CompiledRoute } from './compiled-route.ts';
import { kindConflicts } from './kind-conflicts.ts';
import type { ServiceAttachment } from './service-attachment.ts';

/** A route with what became of each of its parents that are ours. */
export interface PlacedRoute {
  compiled: CompiledRoute;
  parents: readonly ParentAttachment[];
  /** At those parents that are Services. */
  ports: readonly ServiceAttachment[];
}

/** Which routes each listener has, once all are placed. */
export class AttachedRoutes {
  readonly #byListener = new Map<MergedListener, Attachment[]>();
  /** By listener, who lost to whom. */
  readonly #lost = new Map<MergedListener, ReadonlyMap<AnyRoute, AnyRoute>>();
  readonly ports: readonly ServiceAttachment[];

  constructor(placed: readonly PlacedRoute[]) {
    for (const { parents } of placed)
      for (const { attachments } of parents) for (const one of attachments) this.#add(one);
    this.ports = placed.flatMap(({ ports }) => ports);
    for (const [listener, attachments] of this.#byListener) {
      const lost = kindConflicts(attachments);
      if (lost.size === 0) continue;
      this.#lost.set(listener, lost);
      this.#byListener.set(
        listener,
        attachments.filter(({ route }) => !lost.has(route.object)),
      );
    }
  }

  #add(attachment: Attachment): void {
    const known = this.#byListener.get(attachment.listener);
    if (known === undefined) this.#byListener.set(attachment.listener, [attachment]);
    else known.push(attachment);
  }

  /** A route is there twice when two of its parents lead to the listener. */
  at(listener: MergedListener): readonly Attachment[] {
    return this.#byListener.get(listener) ?? [];
  }

  countAt(listener: MergedListener): number {
    return new Set(this.at(listener).map(({ route }) => route)).size;
  }

  /** By name, all that routes lead to. What both kinds of routes lead to speaks HTTP/2, or gRPC could not. */
  services(): ReadonlyMap<string, Service> {
    const services = new Map<string, Service>();
    for (const attachments of [...this.#byListener.values(), this.ports])
      for (const { route } of attachments)
        for (const [name, service] of route.services)
          if (service.protocol === undefined || !services.has(name)) services.set(name, service);
    return services;
  }

  /** A parent refuses a route that lost at each of its listeners there. */
  conflictsOf({ compiled, parents }: PlacedRoute): readonly LostParent[] {
    if (this.#lost.size === 0) return noConflicts;
    return parents.flatMap((parent) => {
      const winners = parent.attachments.map(({ listener }) =>
        this.#lost.get(listener)?.get(compiled.object),
      );
      const [winner] = winners;
      if (winner === undefined || winners.includes(undefined)) return [];
      const message = `the older ${winner.kind} ${keyOf(winner.meta)} has one of the host names`;
      return [{ parent, reason: 'HostnameConflict', message }];
    });
  }
}

export interface LostParent extends Refusal {
  parent: ParentAttachment;
}

const noConflicts: readonly LostParent[] = [];
