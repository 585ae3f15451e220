import { clusterFaults } from './checks/cluster-checks.ts';
import { listenerFaults } from './checks/listener-checks.ts';
import { routeFaults } from './checks/route-checks.ts';
import { serviceFaults } from './checks/service-checks.ts';
import type { ConfigPart } from './config-part.ts';
import { ConfigError } from './errors.ts';
import type { SourceCluster } from './clusters.ts';
import type { Source } from './file-format/source-format.ts';
import { keepPosition } from './file-positions.ts';
import type { MeshConfig, Service } from './mesh-config.ts';

/**
 * Makes one config of what several files say, and checks how it fits together: names that are there twice (in one file
 * or two), routes to what is not there, routes that can never match, listeners on the same port.
 * Routes keep the order of the parts, and each part's own.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function mergeConfigs(parts: readonly ConfigPart[]): MeshConfig {
  const config: MeshConfig = {
    services: new Map(parts.flatMap((part) => [...part.config.services])),
    routes: parts.flatMap((part) => part.config.routes),
    listeners: parts.flatMap((part) => part.config.listeners),
  };
  const clusters = new Map(parts.flatMap((part) => [...part.clusters]));
  const faults = [
    ...clusterFaults(parts, clusters),
    ...serviceFaults(parts),
    ...routeFaults(parts, config),
    ...listenerFaults(parts, config),
  ];
  if (faults.length > 0) throw new ConfigError(faults);
  if (clusters.size === 0) return config;
  const services = [...config.services].map(
    ([name, service]) => [name, withClusters(service, clusters)] as const,
  );
  return { ...config, services: new Map(services) };
}

/** Sources say which cluster they mean; from here on they say what it is, so whoever makes one needs nothing else. */
function withClusters(service: Service, clusters: ReadonlyMap<string, SourceCluster>): Service {
  const place = <T extends { source: Source }>(item: T): T =>
    keepPosition(item, { ...item, source: sourceWith(item.source, clusters) });
  const subsets = [...service.subsets].map(([name, subset]) => [name, place(subset)] as const);
  return keepPosition(service, { ...place(service), subsets: new Map(subsets) });
}

function sourceWith<S extends Source>(source: S, clusters: ReadonlyMap<string, SourceCluster>): S {
  if (source.kind === 'merged')
    return { ...source, sources: source.sources.map((inner) => sourceWith(inner, clusters)) };
  if (source.kind !== 'kubernetes' || source.clusters === undefined) return source;
  return { ...source, clusters: source.clusters.map(({ name }) => clusters.get(name)!) };
}
