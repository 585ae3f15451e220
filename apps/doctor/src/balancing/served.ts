import { discoveredPorts } from '@evenly/gateway-api';
import { routesOf, type MeshConfig, type Route, type Source } from '@evenly/mesh-config';
import type { ServiceObject } from '../inventory/objects/service.ts';
import type { Program } from '../inventory/programs.ts';
import type { ServiceNames } from './service-names.ts';
import { targetsIn } from './target.ts';

/** A Service of Kubernetes to which an xds-server or l7-proxy gives calls. */
export interface Served {
  service: ServiceObject;
  /** The names by which clients call it: services and authorities of the config. */
  names: ReadonlySet<string>;
  endpointsFrom: string;
}

/** Shares of calls by weight, as a route of a config or of Kubernetes has them. */
export interface Split {
  by: string;
  shares: readonly { service: string; weight: number }[];
}

/** What a program serves: by its config, and by `--discover`. */
export function servedBy(
  program: Program,
  services: readonly ServiceObject[],
  names: ServiceNames,
): Served[] {
  const ofConfig = program.config === undefined ? [] : servedByConfig(program.config, program, names);
  const { discover } = program;
  const discovered = services.filter(
    ({ namespace, discoverable }) =>
      (discover.includes('all') || discover.includes(namespace)) && discoveredPorts(discoverable).length > 0,
  );
  return [
    ...ofConfig,
    ...discovered.map((service) => ({ service, names: new Set<string>(), endpointsFrom: 'discover' })),
  ];
}

function servedByConfig(config: MeshConfig, { workload }: Program, names: ServiceNames): Served[] {
  const served = new Map<ServiceObject, { names: Set<string>; endpointsFrom: string }>();
  const add = (source: Source, calledBy: readonly string[]) => {
    const service = serviceOf(source, workload.namespace, names);
    if (service === undefined) return;
    const known = served.get(service) ?? { names: new Set<string>(), endpointsFrom: source.kind };
    for (const name of calledBy) known.names.add(name);
    served.set(service, known);
  };
  for (const service of config.services.values()) {
    const authorities = routesOf(config)
      .filter(({ to }) => to.some((one) => one.refuse === undefined && one.service === service.name))
      .flatMap(({ match: { authority } }) => (authority === undefined ? [] : [authority]));
    const calledBy = [service.name, ...authorities];
    add(service.source, calledBy);
    for (const { source } of service.subsets.values()) add(source, calledBy);
  }
  return [...served].map(([service, rest]) => ({ service, ...rest }));
}

/** The Service whose endpoints a source follows; undefined: none, or none that was looked at. */
function serviceOf(source: Source, from: string, names: ServiceNames): ServiceObject | undefined {
  if (source.kind === 'kubernetes') return names.get(source.namespace, source.service);
  if (source.kind !== 'dns-srv' && source.kind !== 'dns-a') return undefined;
  const [target] = targetsIn(source.name);
  return target && names.find(target, from)?.service;
}

/** Routes by weight, as far as they lead to Services of Kubernetes. */
export function splitsOf(program: Program, names: ServiceNames): Split[] {
  const { config, workload, kind } = program;
  if (config === undefined) return [];
  return config.routes.flatMap((route) => {
    const shares = sharesOf(route, config, workload.namespace, names);
    const by = `${kind} ${workload.namespace}/${workload.name}`;
    return shares.length > 1 ? { by, shares } : [];
  });
}

function sharesOf({ to }: Route, config: MeshConfig, from: string, names: ServiceNames): Split['shares'] {
  return to.flatMap((one) => {
    if (one.refuse !== undefined) return [];
    const service = config.services.get(one.service);
    const { source } = (one.subset === undefined ? service : service?.subsets.get(one.subset)) ?? {};
    const found = source && serviceOf(source, from, names);
    return found ? { service: `${found.namespace}/${found.name}`, weight: one.weight } : [];
  });
}
