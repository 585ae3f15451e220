import { Memo, StableList, StableMap, type Listener, type Service } from '@evenly/mesh-config';
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
import type { Gateway } from './objects/gateway.ts';
import type { ListenerSet } from './objects/listener-set.ts';
import { gatewayGroup, keyOf } from './objects/meta.ts';
import type { KubernetesService } from './objects/service.ts';
import type { ParentReference } from './objects/values.ts';
import type { TranslatorOptions } from './options.ts';
import { Grants } from './references/grants.ts';
import { AttachedRoutes, type PlacedRoute } from './routes/attached-routes.ts';
import { attach, type ParentAttachment } from './routes/attachment.ts';
import { attachToService, type ServiceAttachment } from './routes/service-attachment.ts';
import { ServiceRouteTable } from './routes/service-routes.ts';
import type { BackendContext } from './routes/backends.ts';
import type { AnyRoute, CompiledRoute } from './routes/compiled-route.ts';
import { CompiledRoutes } from './routes/compiled-routes.ts';
import { VirtualHosts } from './routes/virtual-hosts.ts';
import type { ClusterState, DataPlaneFacts } from './state.ts';
import { CurrentPolicies } from './services/current-policies.ts';
import { classRefusal } from './status/gateway-class-status.ts';
import { gatewayRefusal, type GatewayOutcome } from './status/gateway-status.ts';
import { Statuses } from './status/statuses.ts';
import type { Translation } from './translation.ts';

/**
 * Objects of a cluster in; mesh config, statuses and what shall run out. It remembers what it made of each object, so
 * that one change among many objects costs little.
 */
export class Translator {
  readonly #options: TranslatorOptions;
  readonly #grants = new Memo<ClusterState['referenceGrants'], Grants>();
  readonly #contexts = new Memo<Grants, ListenerContext>();
  readonly #merged = new Memo<Gateway, MergedListeners>();
  readonly #mergedList = new StableList<MergedListeners>();
  readonly #parents = new Memo<readonly MergedListeners[], Parents>();
  readonly #policies = new CurrentPolicies();
  readonly #compiled = new CompiledRoutes();
  readonly #placed = new Memo<AnyRoute, PlacedRoute>();
  readonly #virtualHosts = new VirtualHosts();
  readonly #services = new StableMap<string, Service>();
  readonly #infrastructure = new Memo<Gateway, GatewayInfrastructure>();
  readonly #serviceRoutes = new ServiceRouteTable();
  readonly #statuses: Statuses;

  constructor(options: TranslatorOptions) {
    this.#options = options;
    this.#statuses = new Statuses(options.controllerName);
  }

  translate(state: ClusterState, facts: DataPlaneFacts): Translation {
    const { referenceGrants, secrets, namespaces } = state;
    const grants = this.#grants.get(referenceGrants, [], () => new Grants(referenceGrants.values()));
    const context = this.#contexts.get(grants, [secrets, namespaces], () => ({
      secrets,
      namespaces,
      grants,
    }));
    const gateways = ourGateways(state, this.#options.controllerName);
    const setsOf = setsByParent(state.listenerSets);
    const merged = this.#mergedList.of(
      gateways.map((gateway) => this.#merge(gateway, setsOf.get(keyOf(gateway.meta)) ?? [], context)),
    );
    const parents = this.#parents.get(merged, [], () => new Parents(merged));
    const policies = this.#policies.of(state);
    const placed = this.#place(state, parents, { grants, policies });
    const attached = new AttachedRoutes(placed);

    const outcomes = gateways.map((gateway, index): GatewayOutcome => ({
      gateway,
      sets: setsOf.get(keyOf(gateway.meta)) ?? [],
      merged: merged[index]!,
      facts: facts.gateways.get(keyOf(gateway.meta)),
      attachedTo: (listener) => attached.countAt(listener),
    }));
    const listeners = outcomes.map((outcome) => this.#listenersOf(outcome, attached));
    return {
      services: this.#services.of(attached.services()),
      listeners: listeners.flat(),
      serviceRoutes: this.#serviceRoutes.of(attached.ports),
      infrastructure: outcomes.flatMap((outcome, index) =>
        this.#infrastructureOf(outcome, listeners[index]!),
      ),
      statuses: this.#statuses.of(state.gatewayClasses.values(), outcomes, { placed, attached, policies }),
    };
  }

  #merge(gateway: Gateway, sets: readonly ListenerSet[], context: ListenerContext): MergedListeners {
    return this.#merged.get(gateway, [context, ...sets], () => mergeListeners(gateway, sets, context));
  }

  #place(
    state: ClusterState,
    parents: Parents,
    context: Pick<BackendContext, 'grants' | 'policies'>,
  ): PlacedRoute[] {
    const { namespaces, services, grpcRoutes, httpRoutes } = state;
    return [...grpcRoutes.values(), ...httpRoutes.values()].map((route) => {
      const compiled = this.#compiled.of(route, services, context);
      const ofServices = parentServices(route, services);
      return this.#placed.get(route, [compiled, parents, namespaces, ...ofServices.values()], () =>
        placeRoute(compiled, { parents, namespaces, services: ofServices }, this.#options.mesh),
      );
    });
  }

  /** What the proxies of a Gateway listen on. */
  #listenersOf({ gateway, merged }: GatewayOutcome, attached: AttachedRoutes): Listener[] {
    if (gatewayRefusal(gateway) !== undefined) return [];
    const byPort = new Map<number, MergedListener[]>();
    for (const one of merged.listeners) {
      if (!isServed(one)) continue;
      byPort.set(one.spec.port, [...(byPort.get(one.spec.port) ?? []), one]);
    }
    return [...byPort].map(([port, listeners]) =>
      portListener(gateway, port, listeners, this.#virtualHosts.of(listeners, attached)),
    );
  }

  #infrastructureOf({ gateway }: GatewayOutcome, listeners: readonly Listener[]): GatewayInfrastructure[] {
    if (listeners.length === 0) return [];
    const ports = listeners.map(({ port }) => port);
    return [
      this.#infrastructure.get(gateway, ports, () =>
        gatewayInfrastructure(gateway, ports, this.#options.proxy),
      ),
    ];
  }
}

function ourGateways({ gateways, gatewayClasses }: ClusterState, controllerName: string): Gateway[] {
  const ours = new Set<string>();
  for (const one of gatewayClasses.values())
    if (one.controllerName === controllerName && classRefusal(one) === undefined) ours.add(one.meta.name);
  return [...gateways.values()].filter(({ className }) => ours.has(className));
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

type ParentServices = ReadonlyMap<ParentReference, KubernetesService | undefined>;

const isService = ({ group, kind }: ParentReference) => group === '' && kind === 'Service';

/** Of those parents of a route that are Services; undefined: it is not there. */
function parentServices({ meta, parentRefs }: AnyRoute, services: ClusterState['services']): ParentServices {
  const found = new Map<ParentReference, KubernetesService | undefined>();
  for (const ref of parentRefs)
    if (isService(ref))
      found.set(ref, services.get(keyOf({ name: ref.name, namespace: ref.namespace ?? meta.namespace })));
  return found;
}

function placeRoute(
  compiled: CompiledRoute,
  places: Pick<ClusterState, 'namespaces'> & { parents: Parents; services: ParentServices },
  isMesh: boolean,
): PlacedRoute {
  const { parents, namespaces, services } = places;
  const { meta, parentRefs } = compiled.object;
  const ports: ServiceAttachment[] = [];
  const attached = parentRefs.flatMap((ref): ParentAttachment[] => {
    if (isService(ref)) {
      if (!isMesh) return [];
      const one = attachToService(compiled, ref, services.get(ref));
      ports.push(...one.ports);
      return [one];
    }
    const listeners = parents.listenersOf(ref, meta);
    return listeners === undefined ? [] : [attach(compiled, ref, listeners, namespaces)];
  });
  return { compiled, parents: attached, ports };
}
