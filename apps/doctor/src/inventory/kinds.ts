import { gatewayGroup, readGateway, readGrpcRoute, type Gateway, type GrpcRoute } from '@evenly/gateway-api';
import type { KindName, ResourceKind } from '@evenly/kubernetes';
import { controllerReader, type Controller } from './objects/controller.ts';
import { readDisruptionBudget, type DisruptionBudget } from './objects/disruption-budget.ts';
import { readNamespaceObject, type NamespaceObject } from './objects/namespace.ts';
import { readPod, type Pod } from './objects/pod.ts';
import { readServiceObject, type ServiceObject } from './objects/service.ts';

/** A kind of objects that is looked at, and what cannot be known without it. */
export interface LookedAt<T> {
  resource: ResourceKind<T | undefined>;
  /** It belongs to no namespace. */
  isOfCluster?: boolean;
  /** A cluster may be without it: then there are none. */
  isOptional?: boolean;
  therefore: string;
}

const kind = <T>(
  name: KindName,
  read: (object: unknown) => T | undefined,
  rest: Omit<LookedAt<T>, 'resource'>,
): LookedAt<T> => ({ resource: { ...name, read }, ...rest });

const core = (plural: string, kind: string): KindName => ({ group: '', version: 'v1', plural, kind });
const apps = (plural: string, kind: string): KindName => ({ group: 'apps', version: 'v1', plural, kind });

const clients = 'clients and servers among them are not known';

export const services = kind<ServiceObject & { fault?: string }>(
  core('services', 'Service'),
  readServiceObject,
  {
    therefore: 'there is nothing to look at',
  },
);
export const controllers: readonly LookedAt<Controller>[] = [
  kind(apps('deployments', 'Deployment'), controllerReader('Deployment'), { therefore: clients }),
  kind(apps('statefulsets', 'StatefulSet'), controllerReader('StatefulSet'), { therefore: clients }),
  kind(apps('daemonsets', 'DaemonSet'), controllerReader('DaemonSet'), { therefore: clients }),
];
export const pods = kind<Pod>(core('pods', 'Pod'), readPod, {
  therefore: 'whether sidecars were injected is not seen, and Jobs and other pods are not known',
});
export const budgets = kind<DisruptionBudget>(
  { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget' },
  readDisruptionBudget,
  { therefore: 'nothing is said of disruption budgets' },
);
export const namespaces = kind<NamespaceObject>(core('namespaces', 'Namespace'), readNamespaceObject, {
  isOfCluster: true,
  therefore: 'where a service mesh injects sidecars is seen in running pods only',
});
const gatewayApi = (plural: string, kind: string): KindName => ({
  group: gatewayGroup,
  version: 'v1',
  plural,
  kind,
});
export const grpcRoutes = kind<GrpcRoute>(gatewayApi('grpcroutes', 'GRPCRoute'), readGrpcRoute, {
  isOptional: true,
  therefore: 'which Services are behind Gateways or have routes is not known',
});
export const gateways = kind<Gateway>(gatewayApi('gateways', 'Gateway'), readGateway, {
  isOptional: true,
  therefore: 'who runs the Gateways of routes is not known',
});
export const configMaps: KindName = core('configmaps', 'ConfigMap');
