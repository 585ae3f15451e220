import type { Meta } from '../objects/meta.ts';
import type { ParentReference } from '../objects/values.ts';
import type { Condition } from './condition.ts';

/** What `status` of an object shall be; an object that is the same as last time has the same one, not a copy. */
export type ObjectStatus = {
  [K in keyof StatusByKind]: { kind: K; object: Meta; status: StatusByKind[K] };
}[keyof StatusByKind];

export interface StatusByKind {
  GatewayClass: GatewayClassStatus;
  Gateway: GatewayStatus;
  ListenerSet: ListenerSetStatus;
  GRPCRoute: RouteStatus;
  HTTPRoute: RouteStatus;
  BackendTLSPolicy: PolicyStatus;
}

export interface GatewayClassStatus {
  conditions: readonly Condition[];
  supportedFeatures: readonly { name: string }[];
}

export interface ListenerStatus {
  name: string;
  supportedKinds: readonly { group: string; kind: string }[];
  attachedRoutes: number;
  conditions: readonly Condition[];
}

export interface GatewayStatus {
  conditions: readonly Condition[];
  listeners: readonly ListenerStatus[];
  addresses: readonly { type: string; value: string }[];
  attachedListenerSets: number;
}

export interface ListenerSetStatus {
  conditions: readonly Condition[];
  listeners: readonly ListenerStatus[];
}

export interface RouteStatus {
  /** Those of ours; whoever writes them leaves those of other controllers as they are. */
  parents: readonly RouteParentStatus[];
}

export interface PolicyStatus {
  /** The same; the API takes 16 of all controllers. */
  ancestors: readonly PolicyAncestorStatus[];
}

export interface PolicyAncestorStatus {
  ancestorRef: { group: string; kind: string; namespace: string; name: string };
  controllerName: string;
  conditions: readonly Condition[];
}

export interface RouteParentStatus {
  parentRef: ParentReference;
  controllerName: string;
  conditions: readonly Condition[];
}
