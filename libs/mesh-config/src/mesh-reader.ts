import { dirname, isAbsolute, join } from 'node:path';
import { configPart, type ConfigPart } from './config-part.ts';
import { parseConfig, validate, type ConfigDocument, type FieldPath } from './document.ts';
import { meshFormat } from './file-format/mesh-format.ts';
import { placeSource } from './file-format/source-format.ts';
import { mergeConfigs } from './merge.ts';
import type { Listener, MeshConfig, Service } from './mesh-config.ts';
import type { Route } from './route.ts';

/**
 * Reads a mesh config, YAML or JSON; `docs/mesh-config.md` describes it.
 * @param file for faults, and because paths in it are relative to its directory
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function readMeshConfig(text: string, file: string): MeshConfig {
  return mergeConfigs([meshPart(parseConfig(text, file))]);
}

export function meshPart(document: ConfigDocument): ConfigPart {
  const { clusters, services, routes, listeners } = validate(meshFormat, document);
  const directory = dirname(document.file);
  const placed = new Map([...services].map(([name, service]) => [name, besideFile(service, directory)]));
  const placedListeners = listeners.map((listener) => listenerBeside(listener, directory));
  const config: MeshConfig = { services: placed, routes, listeners: placedListeners };
  const placedClusters = new Map(
    [...clusters].map(([name, cluster]) => [name, filesBeside(cluster, ['kubeconfig'], directory)]),
  );
  const places = placesOf(config);
  for (const [name, cluster] of placedClusters) places.set(cluster, ['clusters', name]);
  return configPart(document, config, places, placedClusters);
}

function besideFile(service: Service, directory: string): Service {
  const place = (path: string) => pathBeside(path, directory);
  const subsets = [...service.subsets.values()].map(
    (subset) => [subset.name, { ...subset, source: placeSource(subset.source, place) }] as const,
  );
  return {
    ...service,
    source: placeSource(service.source, place),
    subsets: new Map(subsets),
    ...(service.tls === undefined ? {} : { tls: filesBeside(service.tls, ['ca', 'cert', 'key'], directory) }),
  };
}

function listenerBeside(listener: Listener, directory: string): Listener {
  if (listener.tls === undefined) return listener;
  return { ...listener, tls: filesBeside(listener.tls, ['cert', 'key', 'clientCa'], directory) };
}

function filesBeside<T extends object>(item: T, fields: readonly (keyof T)[], directory: string): T {
  const placed = fields
    .filter((field) => item[field] !== undefined)
    .map((field) => [field, pathBeside(item[field] as string, directory)] as const);
  return { ...item, ...Object.fromEntries(placed) };
}

const pathBeside = (path: string, directory: string) => (isAbsolute(path) ? path : join(directory, path));

function placesOf({ services, routes, listeners }: MeshConfig): Map<object, FieldPath> {
  const places = new Map<object, FieldPath>();
  for (const service of services.values()) {
    places.set(service, ['services', service.name]);
    if (service.tls !== undefined) places.set(service.tls, ['services', service.name, 'tls']);
    for (const subset of service.subsets.values())
      places.set(subset, ['services', service.name, 'subsets', subset.name]);
  }
  const placeRoutes = (list: readonly Route[], at: FieldPath) =>
    list.forEach((route, index) => {
      places.set(route, [...at, index]);
      route.to.forEach((destination, to) => places.set(destination, [...at, index, 'to', to]));
      route.mirrors?.forEach((mirror, to) => places.set(mirror, [...at, index, 'mirrors', to]));
    });
  placeRoutes(routes, ['routes']);
  listeners.forEach((listener, index) => {
    places.set(listener, ['listeners', index]);
    if (listener.tls !== undefined) places.set(listener.tls, ['listeners', index, 'tls']);
    placeRoutes(listener.routes ?? [], ['listeners', index, 'routes']);
  });
  return places;
}
