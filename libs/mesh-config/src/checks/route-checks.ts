import type { ConfigPart } from '../config-part.ts';
import type { ConfigFault } from '../errors.ts';
import type { MeshConfig } from '../mesh-config.ts';
import { servicesOf, type Route, type ServiceDestination } from '../route.ts';
import { checkedItems, positionOf, duplicateFaults, type CheckedItem } from './checked-item.ts';
import { findShadowing } from './shadowing.ts';

/** Faults of the routes of the whole config, and of each listener's own. */
export function routeFaults(parts: readonly ConfigPart[], config: MeshConfig): ConfigFault[] {
  const shared = parts.flatMap((part) => checkedItems(part, part.config.routes));
  const own = parts.flatMap((part) =>
    part.config.listeners.map(({ routes = [] }) => checkedItems(part, routes)),
  );
  const destinations = parts.flatMap((part) => {
    const lists = [part.config.routes, ...part.config.listeners.map(({ routes = [] }) => routes)];
    const named = lists.flat().flatMap((route) => [...servicesOf(route), ...(route.mirrors ?? [])]);
    return checkedItems<Pick<ServiceDestination, 'service' | 'subset'>>(part, named);
  });
  return [
    ...destinations.flatMap((destination) => unknownDestination(destination, config)),
    ...[shared, ...own].flatMap((routes) => [
      ...duplicateFaults(routes, ({ name }) => name, 'the route'),
      ...routes.flatMap((route) => [...weightFaults(route), ...hashFaults(route, config)]),
      ...shadowFaults(routes),
    ]),
  ];
}

function unknownDestination(
  { item, faultOf }: CheckedItem<Pick<ServiceDestination, 'service' | 'subset'>>,
  { services }: MeshConfig,
): ConfigFault[] {
  const service = services.get(item.service);
  if (!service)
    return [faultOf(`leads to the service "${item.service}", which ${known([...services.keys()])}`)];
  if (item.subset === undefined || service.subsets.has(item.subset)) return [];
  return [
    faultOf(
      `leads to the subset "${item.subset}" of "${item.service}", which ${known([...service.subsets.keys()])}`,
    ),
  ];
}

const shown = 10;
function known(names: readonly string[]): string {
  const some = [...names.slice(0, shown), ...(names.length > shown ? ['…'] : [])].join(', ');
  return `is not in the config; known: ${names.length === 0 ? 'none' : some}`;
}

function weightFaults({ item: { to }, faultOf }: CheckedItem<Route>): ConfigFault[] {
  const leadsTo = to.map(({ service = 'refuse', subset }) =>
    subset === undefined ? service : `${service}, ${subset}`,
  );
  const twice = leadsTo.filter((one, index) => leadsTo.indexOf(one) < index);
  const faults = twice.map((one) => faultOf(`leads to "${one}" twice; one weight says it`));
  if (to.length > 0 && to.every(({ weight }) => weight === 0))
    faults.push(faultOf('has weights that are all 0: no call could go anywhere'));
  return faults;
}

function hashFaults({ item, faultOf }: CheckedItem<Route>, { services }: MeshConfig): ConfigFault[] {
  if (item.hashHeader === undefined) return [];
  const other = servicesOf(item).find(
    ({ service }) => (services.get(service)?.policy.loadBalancing ?? 'ring-hash') !== 'ring-hash',
  );
  return other ? [faultOf(`has a hashHeader, but "${other.service}" is not balanced by ring-hash`)] : [];
}

function shadowFaults(routes: readonly CheckedItem<Route>[]): ConfigFault[] {
  return findShadowing(routes.map(({ item }) => item)).map(({ route, by }) =>
    routes[route]!.faultOf(
      `can never match: ${positionOf(routes[by]!)} comes first and takes all of its calls`,
    ),
  );
}
