import { dirname, isAbsolute, join } from 'node:path';
import { configPart, type ConfigPart } from './config-part.ts';
import { parseConfig, validate, type ConfigDocument, type FieldPath } from './document.ts';
import { meshFormat } from './file-format/mesh-format.ts';
import { mergeConfigs } from './merge.ts';
import type { MeshConfig, Service } from './mesh-config.ts';
import type { Route } from './route.ts';
import type { Source } from './source.ts';

/**
 * Reads a mesh config, YAML or JSON; `docs/mesh-config.md` describes it.
 * @param file for faults, and because paths in it are relative to its directory
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function readMeshConfig(text: string, file: string): MeshConfig {
  return mergeConfigs([meshPart(parseConfig(text, file))]);
}

export function meshPart(document: ConfigDocument): ConfigPart {
  const { services, routes, listeners } = validate(meshFormat, document);
  const directory = dirname(document.file);
  const placed = new Map([...services].map(([name, service]) => [name, besideFile(service, directory)]));
  const config: MeshConfig = { services: placed, routes, listeners };
  return configPart(document, config, placesOf(config));
}

function besideFile(service: Service, directory: string): Service {
  const subsets = [...service.subsets.values()].map(
    (subset) => [subset.name, { ...subset, source: sourceBeside(subset.source, directory) }] as const,
  );
  return { ...service, source: sourceBeside(service.source, directory), subsets: new Map(subsets) };
}

function sourceBeside<S extends Source>(source: S, directory: string): S {
  if (source.kind === 'merged')
    return { ...source, sources: source.sources.map((inner) => sourceBeside(inner, directory)) };
  if (source.kind !== 'file' || isAbsolute(source.path)) return source;
  return { ...source, path: join(directory, source.path) };
}

function placesOf({ services, routes, listeners }: MeshConfig): Map<object, FieldPath> {
  const places = new Map<object, FieldPath>();
  for (const service of services.values()) {
    places.set(service, ['services', service.name]);
    for (const subset of service.subsets.values())
      places.set(subset, ['services', service.name, 'subsets', subset.name]);
  }
  const placeRoutes = (list: readonly Route[], at: FieldPath) =>
    list.forEach((route, index) => {
      places.set(route, [...at, index]);
      route.to.forEach((destination, to) => places.set(destination, [...at, index, 'to', to]));
    });
  placeRoutes(routes, ['routes']);
  listeners.forEach((listener, index) => {
    places.set(listener, ['listeners', index]);
    placeRoutes(listener.routes ?? [], ['listeners', index, 'routes']);
  });
  return places;
}
