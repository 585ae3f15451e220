import type { VirtualHost } from '@evenly/mesh-config';
import { coveringNames } from '../listeners/hostnames.ts';
import { byAge } from '../objects/meta.ts';
import type { CompiledRoute, RouteEntry } from './compiled-route.ts';
import { compareRanks } from './ranked-match.ts';

/** The routes of one listener, by the host names that they have there. */
export interface ListenerRoutes {
  hostname: string;
  routes: readonly { route: CompiledRoute; hostnames: readonly string[] }[];
}

/**
 * What a port serves. A request belongs to the listener that has its host most specifically, and to no other, be it that
 * none of its routes matches. Of the listener's routes those with the more specific name come first; with the same name
 * the match decides, then age, then the order in the route.
 */
export function virtualHostsOf(listeners: readonly ListenerRoutes[]): VirtualHost[] {
  const names = new Set(listeners.map(({ hostname }) => hostname));
  const ownerOf = (domain: string) => coveringNames(domain).find((name) => names.has(name));
  return listeners.flatMap(({ hostname, routes }) => {
    const byName = entriesByName(routes);
    const domains = new Set([hostname, ...byName.keys()]);
    return [...domains]
      .filter((domain) => ownerOf(domain) === hostname)
      .map((domain) => ({
        domains: domainsOf(domain),
        routes: [...new Set(coveringNames(domain).flatMap((name) => byName.get(name) ?? []))],
      }));
  });
}

/** In order, for each host name. */
function entriesByName(routes: ListenerRoutes['routes']) {
  const rows = new Map<string, { entry: RouteEntry; of: CompiledRoute }[]>();
  for (const { route, hostnames } of routes) {
    for (const name of hostnames) {
      const known = rows.get(name) ?? [];
      rows.set(name, known);
      for (const entry of route.entries) known.push({ entry, of: route });
    }
  }
  // A stable sort: entries of one route keep their order.
  const sorted = [...rows].map(([name, list]) => {
    list.sort((one, other) => {
      const byRank = compareRanks(one.entry.rank, other.entry.rank);
      return byRank !== 0 ? byRank : byAge(one.of.object.meta, other.of.object.meta);
    });
    return [name, list.map(({ entry }) => entry.route)] as const;
  });
  return new Map(sorted);
}

/** A host name holds for any port. */
function domainsOf(hostname: string): string[] {
  if (hostname === '') return ['*'];
  return [hostname, `${hostname}:*`];
}
