import { isIP } from 'node:net';
import * as z from 'zod';
import { configPart, type ConfigPart } from './config-part.ts';
import { parseConfig, validate, type ConfigDocument, type FieldPath } from './document.ts';
import { listenerDefaults } from './file-format/listener-format.ts';
import { defaultPolicy } from './file-format/policy-format.ts';
import { prefix } from './file-format/route-format.ts';
import { ip, name, port, text, unique, whole } from './file-format/values.ts';
import { mergeConfigs } from './merge.ts';
import type { Listener, MeshConfig, Service } from './mesh-config.ts';
import { withDefaults, type OlderFormatOptions } from './older-format-options.ts';
import type { Route } from './route.ts';
import type { Source } from './file-format/source-format.ts';

/**
 * The reader of listener configs, the `config.yaml` of file-driven xDS servers for Envoy:
 * `name, spec.listeners[]{name, address, port, routes[]{name, prefix, clusters[]{name, weight}}},
 * spec.clusters[]{name, endpoints[]{address, port}}`; or routes with `clusters: [name]`.
 */

const weightedCluster = z.strictObject({ name, weight: whole(0, 1_000_000) });
/** envoy-xds-server writes names, and uses the first; where there are more, nobody knows what was meant. */
const onlyCluster = z
  .array(name)
  .length(1, { error: 'must be one name, or clusters with their weights: [{ name, weight }]' })
  .transform(([only]) => [{ name: only!, weight: 1 }]);
const clusters = z.array(z.unknown()).min(1).max(100);
const route = z.strictObject({
  name,
  prefix,
  clusters: clusters.transform((list, context) => {
    const form = typeof list[0] === 'string' ? onlyCluster : z.array(weightedCluster);
    const { data, error } = form.safeParse(list);
    if (data !== undefined) return data;
    for (const issue of error.issues) context.addIssue({ ...issue });
    return z.NEVER;
  }),
});
const listener = z.strictObject({ name, address: ip, port, routes: z.array(route).max(2000).prefault([]) });
const endpoint = z.strictObject({ address: text(), port });
const cluster = z.strictObject({ name, endpoints: z.array(endpoint).max(10_000).prefault([]) });

const schema = z.strictObject({
  name: text(),
  spec: z.strictObject({
    listeners: z.array(listener).max(100).prefault([]),
    clusters: z
      .array(cluster)
      .max(1000)
      .superRefine(unique(({ name: one }) => one, 'name'))
      .prefault([]),
  }),
});

type FileCluster = z.output<typeof cluster>;
type FileListener = z.output<typeof listener>;

/**
 * Reads a listener config. Clusters become services, and each listener keeps its own routes, in the file's order.
 * Addresses that are names are looked up in DNS as Envoy's STRICT_DNS does it: one endpoint for each address.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function readListenerConfig(text: string, file: string, options: OlderFormatOptions = {}): MeshConfig {
  return mergeConfigs([listenerPart(parseConfig(text, file), options)]);
}

export function listenerPart(document: ConfigDocument, options: OlderFormatOptions): ConfigPart {
  const { clusters, listeners } = validate(schema, document).spec;
  const places = new Map<object, FieldPath>();
  const place = <T extends object>(item: T, ...path: FieldPath): T => {
    places.set(item, ['spec', ...path]);
    return item;
  };
  const services = clusters.map((one, index) => place(toService(one, options), 'clusters', index, 'name'));
  const config: MeshConfig = {
    services: new Map(services.map((one) => [one.name, one])),
    routes: [],
    listeners: listeners.map((one, index) => place(toListener(one, index, place), 'listeners', index)),
  };
  return configPart(document, config, places);
}

type Place = <T extends object>(item: T, ...path: FieldPath) => T;

function toListener({ routes, ...rest }: FileListener, listenerIndex: number, place: Place): Listener {
  const toRoute = (one: FileListener['routes'][number], index: number): Route => {
    const at = ['listeners', listenerIndex, 'routes', index] as const;
    return place(
      {
        name: one.name,
        match: { path: { kind: 'prefix', value: one.prefix }, headers: [] },
        to: one.clusters.map(({ name: service, weight }, to) =>
          place({ service, weight }, ...at, 'clusters', to),
        ),
      },
      ...at,
    );
  };
  return { ...rest, ...listenerDefaults, routes: routes.map(toRoute) };
}

function toService({ name: service, endpoints }: FileCluster, options: OlderFormatOptions): Service {
  return {
    name: service,
    source: toSource(endpoints, withDefaults(options).refreshMs),
    locality: { region: '', zone: '' },
    subsets: new Map(),
    policy: defaultPolicy,
  };
}

function toSource(endpoints: FileCluster['endpoints'], refreshMs: number): Source {
  const fixed = endpoints.filter(({ address }) => isIP(address) > 0);
  const named = endpoints.filter(({ address }) => isIP(address) === 0);
  const sources = [
    ...(fixed.length > 0 || named.length === 0 ? [{ kind: 'static', endpoints: fixed } as const] : []),
    ...named.map(
      ({ address, port: number }) => ({ kind: 'dns-a', name: address, port: number, refreshMs }) as const,
    ),
  ];
  return sources.length === 1 ? sources[0]! : { kind: 'merged', sources };
}
