import { Memo } from '@evenly/mesh-config';
import type { GatewayClass } from '../objects/gateway-class.ts';
import type { AttachedRoutes, PlacedRoute } from '../routes/attached-routes.ts';
import { gatewayClassStatus } from './gateway-class-status.ts';
import { gatewayStatus, type GatewayOutcome } from './gateway-status.ts';
import { listenerSetStatus, setRefusal } from './listener-set-status.ts';
import type { Meta } from '../objects/meta.ts';
import type { BackendTlsPolicies, PolicyOutcome } from '../services/backend-tls.ts';
import type { ObjectStatus } from './object-status.ts';
import { policyStatus } from './policy-status.ts';
import { routeStatus } from './route-status.ts';

/** The statuses of all objects that are ours; one that is the same as last time is the same object. */
export class Statuses {
  readonly #controllerName: string;
  readonly #classes = new Memo<GatewayClass, ObjectStatus>();
  readonly #routes = new Memo<PlacedRoute, ObjectStatus>();
  readonly #gateways = new LastStatuses();

  constructor(controllerName: string) {
    this.#controllerName = controllerName;
  }

  of(
    classes: Iterable<GatewayClass>,
    outcomes: readonly GatewayOutcome[],
    { placed, attached, policies }: RoutesOutcome,
  ): ObjectStatus[] {
    const statuses: ObjectStatus[] = [];
    for (const one of classes) {
      if (one.controllerName !== this.#controllerName) continue;
      const status = () =>
        ({ kind: 'GatewayClass', object: one.meta, status: gatewayClassStatus(one) }) as const;
      statuses.push(this.#classes.get(one, [], status));
    }
    const ofPolicies = this.#ofPolicies(outcomes, attached, policies);
    statuses.push(...this.#gateways.of([...outcomes.flatMap(gatewayStatuses), ...ofPolicies]));
    for (const one of placed) statuses.push(this.#ofRoute(one, attached));
    return statuses;
  }

  #ofPolicies(outcomes: readonly GatewayOutcome[], attached: AttachedRoutes, policies: BackendTlsPolicies) {
    const gateways = new Map<PolicyOutcome, Set<Meta>>(policies.all.map((one) => [one, new Set()]));
    if (gateways.size === 0) return [];
    for (const { gateway, merged } of outcomes)
      for (const listener of merged.listeners)
        for (const { route } of attached.at(listener))
          for (const one of route.policies) gateways.get(one)?.add(gateway.meta);
    return [...gateways].map(([outcome, ancestors]): ObjectStatus => {
      const status = policyStatus(outcome, policies, [...ancestors], this.#controllerName);
      return { kind: 'BackendTLSPolicy', object: outcome.policy.meta, status };
    });
  }

  #ofRoute(placed: PlacedRoute, attached: AttachedRoutes): ObjectStatus {
    const refusals = attached.conflictsOf(placed);
    return this.#routes.get(
      placed,
      refusals.map(({ message }) => message),
      () => {
        const { compiled, parents } = placed;
        const { object } = compiled;
        const outcomes = parents.map((parent) => ({
          ref: parent.ref,
          refusal: parent.refusal ?? refusals.find(({ parent: of }) => of === parent),
        }));
        const status = routeStatus(compiled, outcomes, this.#controllerName);
        return { kind: object.kind, object: object.meta, status };
      },
    );
  }
}

export interface RoutesOutcome {
  placed: readonly PlacedRoute[];
  attached: AttachedRoutes;
  policies: BackendTlsPolicies;
}

interface LastStatus {
  text: string;
  status: ObjectStatus;
}

/** Those of Gateways and policies are few, and hang on so much that they are made anew each time and compared. */
class LastStatuses {
  #last: ReadonlyMap<string, LastStatus> = new Map();

  of(statuses: readonly ObjectStatus[]): ObjectStatus[] {
    const next = new Map<string, LastStatus>();
    for (const status of statuses) {
      const key = `${status.kind} ${status.object.namespace}/${status.object.name}`;
      const text = JSON.stringify(status);
      const known = this.#last.get(key);
      next.set(key, known?.text === text ? known : { text, status });
    }
    this.#last = next;
    return [...next.values()].map(({ status }) => status);
  }
}

function gatewayStatuses(outcome: GatewayOutcome): ObjectStatus[] {
  const { gateway, sets } = outcome;
  const accepted = sets.filter((set) => setRefusal(set, outcome) === undefined).length;
  return [
    { kind: 'Gateway', object: gateway.meta, status: gatewayStatus(outcome, accepted) },
    ...sets.map((set): ObjectStatus => ({
      kind: 'ListenerSet',
      object: set.meta,
      status: listenerSetStatus(set, outcome),
    })),
  ];
}
