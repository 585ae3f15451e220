import {
  configFaultOf,
  describeFault,
  describePlace,
  firstService,
  routesOf,
  servicesOf,
  type ConfigFault,
  type MeshConfig,
  type PathMatch,
  type Route,
} from '@evenly/mesh-config';
import { normalPath, type PathRules } from './normal-path.ts';

/**
 * What of a config is right by the letter and hardly meant: said when it is checked and when it is loaded. One line each,
 * with the place in the file; nothing for a config that has none, as those that come by xDS.
 */
export function configWarnings(config: MeshConfig): string[] {
  const { listeners, routes } = config;
  const sharing = listeners.filter((one) => one.routes === undefined);
  const isShared = listeners.length === 0 || sharing.length > 0;
  return [
    ...(isShared ? waysRound(config) : []),
    ...(isShared ? unreachable(routes, sharing.map(rulesOf)) : []),
    ...listeners.flatMap((one) => unreachable(one.routes ?? [], [rulesOf(one)])),
  ]
    .filter((fault) => fault !== undefined)
    .map(describeFault);
}

/**
 * Services to which every route asks for something, by path, method or header, while their implicit route asks for nothing:
 * whoever calls with the service's name as the authority comes in without it.
 */
function waysRound(config: MeshConfig): (ConfigFault | undefined)[] {
  const implicit = routesOf(config).slice(config.routes.length);
  const leadingTo = new Map<string, Route[]>();
  for (const route of config.routes) {
    for (const service of new Set(servicesOf(route).map((one) => one.service))) {
      const known = leadingTo.get(service);
      if (known === undefined) leadingTo.set(service, [route]);
      else known.push(route);
    }
  }
  return implicit.flatMap((route) => {
    const service = firstService(route)!;
    const leading = leadingTo.get(service) ?? [];
    if (leading.length === 0 || !leading.every(asksForMore)) return [];
    const reason =
      `has an implicit route: calls with the authority "${service.toLowerCase()}" reach it without the conditions of ` +
      `${placeOf(leading[0]!)}; a route of your own with that authority takes its place`;
    return [configFaultOf(config.services.get(service)!, [], reason)];
  });
}

function asksForMore({ match: { path, method, query = [], headers } }: Route): boolean {
  const anyPath = path.kind === 'prefix' && (path.value === '' || path.value === '/');
  return !anyPath || method !== undefined || query.length > 0 || headers.length > 0;
}

function placeOf(route: Route): string {
  const fault = configFaultOf(route, [], '');
  return fault === undefined ? `route "${route.name ?? ''}"` : describePlace(fault);
}

/** Routes whose path no request has, for all have the normal form by then. @param rules of the listeners; none: the default */
function unreachable(routes: readonly Route[], rules: readonly PathRules[]): (ConfigFault | undefined)[] {
  const all = rules.length === 0 ? [defaultRules] : rules;
  return routes
    .filter(({ match }) => all.every((one) => !isReachable(match.path, one)))
    .map((route) => {
      const { kind, value } = route.match.path;
      const reason = `can never match: "${value}" is not how a path looks once it is normalized`;
      return configFaultOf(route, ['match', 'path', kind], reason);
    });
}

const defaultRules: PathRules = { normalize: true, encodedSlashes: 'refuse' };

const rulesOf = ({
  normalizePath: normalize,
  encodedSlashes,
}: MeshConfig['listeners'][number]): PathRules => ({
  normalize,
  encodedSlashes,
});

function isReachable({ kind, value }: PathMatch, rules: PathRules): boolean {
  if (kind === 'regex' || value === '') return true;
  if (kind === 'segments') return normalPath(value, rules).target === value;
  // What a prefix ends with can go on: "/." to "/.x", "/%2" to "/%20".
  const path = kind === 'exact' ? value : `${value.replace(/%[0-9A-Fa-f]?$/, '')}0`;
  return normalPath(path, rules).target === path;
}
