import type { Listener, Service } from '@evenly/mesh-config';
import {
  gatewayInfrastructure,
  type GatewayInfrastructure,
} from './infrastructure/gateway-infrastructure.ts';
import {
  isServed,
  mergeListeners,
  type ListenerContext,
  type MergedListener,
  type MergedListeners,
} from './listeners/merged-listeners.ts';
import { Parents } from './listeners/parents.ts';
import { portListener } from './listeners/port-listeners.ts';
import { Memo } from './memo.ts';
import type { Gateway } from './objects/gateway.ts';
import type { ListenerSet } from './objects/listener-set.ts';
import { gatewayGroup, keyOf } from './objects/meta.ts';
import type { TranslatorOptions } from './options.ts';
import { Grants } from './references/grants.ts';
import { attach, type ParentAttachment } from './routes/attachment.ts';
import type { BackendContext } from './routes/backends.ts';
import { compileRoute, type AnyRoute, type CompiledRoute } from './routes/compiled-route.ts';
import { kindConflicts } from './routes/kind-conflicts.ts';
import { virtualHostsOf } from './routes/virtual-hosts.ts';
import type { ClusterState, DataPlaneFacts } from './state.ts';
import type { Refusal } from './status/condition.ts';
import { classRefusal, gatewayClassStatus } from './status/gateway-class-status.ts';
import { gatewayRefusal, gatewayStatus, type GatewayOutcome } from './status/gateway-status.ts';
import { listenerSetStatus, setRefusal } from './status/listener-set-status.ts';
import type { ObjectStatus } from './status/object-status.ts';
import { routeStatus, type ParentOutcome } from './status/route-status.ts';
import type { Translation } from './translation.ts';

/** A route with what became of each of its parents that are ours. */
interface PlacedRoute {
  compiled: CompiledRoute;
  parents: readonly ParentAttachment[];
}

interface AttachedRoute {
  route: CompiledRoute;
  hostnames: readonly string[];
}

/**
 * Objects of a cluster in; mesh config, statuses and what shall run out. It remembers what it made of each object, so
 * that one change among many objects costs little.
 */
export class Translator {
  readonly #options: TranslatorOptions;
  readonly #grants = new Memo<ClusterState['referenceGrants'], Grants>();
  readonly #listenerContexts = new Memo<Grants, ListenerContext>();
  readonly #backendContexts = new Memo<Grants, BackendContext>();
  readonly #merged = new Memo<Gateway, MergedListeners>();
  readonly #compiled = new Memo<AnyRoute, CompiledRoute>();
  readonly #placed = new Memo<AnyRoute, PlacedRoute>();
  readonly #routeStatuses = new Memo<AnyRoute, ObjectStatus | undefined>();

  constructor(options: TranslatorOptions) {
    this.#options = options;
  }

  translate(state: ClusterState, facts: DataPlaneFacts): Translation {
    const { referenceGrants, secrets, namespaces, services } = state;
    const grants = this.#grants.get(referenceGrants, [], () => new Grants(referenceGrants.values()));
    const listenerContext = this.#listenerContexts.get(grants, [secrets, namespaces], () => ({
      secrets,
      namespaces,
      grants,
    }));
    const backendContext = this.#backendContexts.get(grants, [services], () => ({ services, grants }));

    const gateways = this.#ourGateways(state);
    const setsOf = setsByParent(state.listenerSets);
    const merged = gateways.map((gateway) => {
      const sets = setsOf.get(keyOf(gateway.meta)) ?? [];
      return this.#merged.get(gateway, [listenerContext, ...sets], () =>
        mergeListeners(gateway, sets, listenerContext),
      );
    });
    const parents = new Parents(merged);
    const placed = [...state.grpcRoutes.values(), ...state.httpRoutes.values()].map((route) =>
      this.#place(route, parents, backendContext, listenerContext),
    );
    const attached = attachedByListener(placed);
    const conflicts = removeKindConflicts(attached);

    const outcomes = gateways.map((gateway, index): GatewayOutcome => ({
      gateway,
      merged: merged[index]!,
      facts: facts.gateways.get(keyOf(gateway.meta)),
      attachedTo: (listener) => new Set(attached.get(listener)?.map(({ route }) => route)).size,
    }));
    const served = outcomes.map((outcome) => servedBy(outcome, attached));
    return {
      services: servicesOf(attached),
      listeners: served.flat(),
      infrastructure: this.#infrastructure(outcomes, served),
      statuses: [
        ...this.#classStatuses(state),
        ...outcomes.flatMap((outcome) =>
          gatewayStatuses(outcome, setsOf.get(keyOf(outcome.gateway.meta)) ?? []),
        ),
        ...placed.flatMap((one) => this.#routeStatus(one, conflicts) ?? []),
      ],
    };
  }

  #ourGateways({ gateways, gatewayClasses }: ClusterState): Gateway[] {
    const ours = new Set<string>();
    for (const one of gatewayClasses.values()) {
      if (one.controllerName === this.#options.controllerName && classRefusal(one) === undefined)
        ours.add(one.meta.name);
    }
    return [...gateways.values()].filter(({ className }) => ours.has(className));
  }

  #place(
    route: AnyRoute,
    parents: Parents,
    backends: BackendContext,
    { namespaces }: ListenerContext,
  ): PlacedRoute {
    const compiled = this.#compiled.get(route, [backends], () => compileRoute(route, backends));
    const listeners = route.parentRefs.map((ref) => parents.listenersOf(ref, route.meta));
    return this.#placed.get(route, [compiled, namespaces, ...listeners], () => ({
      compiled,
      parents: route.parentRefs.flatMap((ref, index) => {
        const own = listeners[index];
        return own === undefined ? [] : [attach(route, ref, own, namespaces)];
      }),
    }));
  }

  #classStatuses({ gatewayClasses }: ClusterState): ObjectStatus[] {
    return [...gatewayClasses.values()]
      .filter(({ controllerName }) => controllerName === this.#options.controllerName)
      .map((one) => ({ kind: 'GatewayClass', object: one.meta, status: gatewayClassStatus(one) }));
  }

  #infrastructure(
    outcomes: readonly GatewayOutcome[],
    served: readonly (readonly Listener[])[],
  ): GatewayInfrastructure[] {
    return outcomes.flatMap(({ gateway }, index) => {
      const ports = served[index]!.map(({ port }) => port);
      return ports.length === 0 ? [] : [gatewayInfrastructure(gateway, ports, this.#options.proxy)];
    });
  }

  #routeStatus(placed: PlacedRoute, conflicts: KindConflicts): ObjectStatus | undefined {
    const { compiled, parents } = placed;
    const { object } = compiled;
    const refusals = parents.map((parent) => parent.refusal ?? conflicts.refusalOf(object, parent));
    const winners = refusals.map((refusal) => refusal?.message);
    return this.#routeStatuses.get(object, [placed, ...winners], () => {
      const outcomes = parents.map(({ ref }, index): ParentOutcome => ({ ref, refusal: refusals[index] }));
      const status = routeStatus(compiled, outcomes, this.#options.controllerName);
      return status && { kind: object.kind, object: object.meta, status };
    });
  }
}

function setsByParent(sets: ClusterState['listenerSets']): Map<string, ListenerSet[]> {
  const byParent = new Map<string, ListenerSet[]>();
  for (const set of sets.values()) {
    const { group, kind, name, namespace = set.meta.namespace } = set.parentRef;
    if (group !== gatewayGroup || kind !== 'Gateway') continue;
    const key = keyOf({ namespace, name });
    const known = byParent.get(key);
    if (known === undefined) byParent.set(key, [set]);
    else known.push(set);
  }
  return byParent;
}

type AttachedByListener = Map<MergedListener, AttachedRoute[]>;

function attachedByListener(placed: readonly PlacedRoute[]): AttachedByListener {
  const byListener: AttachedByListener = new Map();
  for (const { compiled, parents } of placed) {
    if (compiled.refused !== undefined) continue;
    for (const { attachments } of parents) {
      for (const { listener, hostnames } of attachments) {
        const known = byListener.get(listener);
        const one = { route: compiled, hostnames };
        if (known === undefined) byListener.set(listener, [one]);
        else known.push(one);
      }
    }
  }
  return byListener;
}

interface KindConflicts {
  /** A parent refuses a route when it lost at each of its listeners there. */
  refusalOf(route: AnyRoute, parent: ParentAttachment): Refusal | undefined;
}

/** Takes from each listener the routes that another kind of route is in the way of. */
function removeKindConflicts(attached: AttachedByListener): KindConflicts {
  const lost = new Map<MergedListener, ReadonlyMap<AnyRoute, AnyRoute>>();
  for (const [listener, routes] of attached) {
    const conflicts = kindConflicts(
      routes.map(({ route, hostnames }) => ({ route: route.object, hostnames })),
    );
    if (conflicts.size === 0) continue;
    lost.set(listener, conflicts);
    attached.set(
      listener,
      routes.filter(({ route }) => !conflicts.has(route.object)),
    );
  }
  return {
    refusalOf(route, { attachments }) {
      const winners = attachments.map(({ listener }) => lost.get(listener)?.get(route));
      const [winner] = winners;
      if (winner === undefined || winners.includes(undefined)) return undefined;
      const message = `the older ${winner.kind} ${keyOf(winner.meta)} has one of the host names`;
      return { reason: 'HostnameConflict', message };
    },
  };
}

/** What the proxies of a Gateway listen on. */
function servedBy({ gateway, merged }: GatewayOutcome, attached: AttachedByListener): Listener[] {
  if (gatewayRefusal(gateway) !== undefined) return [];
  const byPort = new Map<number, MergedListener[]>();
  for (const one of merged.listeners) {
    if (!isServed(one)) continue;
    byPort.set(one.spec.port, [...(byPort.get(one.spec.port) ?? []), one]);
  }
  return [...byPort].map(([port, listeners]) => {
    const routes = listeners.map((one) => ({ hostname: one.spec.hostname, routes: attached.get(one) ?? [] }));
    return portListener(gateway, port, listeners, virtualHostsOf(routes));
  });
}

function servicesOf(attached: AttachedByListener): ReadonlyMap<string, Service> {
  const services = new Map<string, Service>();
  for (const routes of attached.values())
    for (const { route } of routes) for (const [name, service] of route.services) services.set(name, service);
  return services;
}

function gatewayStatuses(outcome: GatewayOutcome, sets: readonly ListenerSet[]): ObjectStatus[] {
  const accepted = sets.filter((set) => setRefusal(set, outcome) === undefined).length;
  return [
    { kind: 'Gateway', object: outcome.gateway.meta, status: gatewayStatus(outcome, accepted) },
    ...sets.map((set): ObjectStatus => ({
      kind: 'ListenerSet',
      object: set.meta,
      status: listenerSetStatus(set, outcome),
    })),
  ];
}
