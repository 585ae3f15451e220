import { posix } from 'node:path';
import type { MeshConfig } from '@evenly/mesh-config';
import type { Workload } from './workload.ts';
import { optionOf } from './options-of.ts';
import type { Container } from './objects/container.ts';

/** An xds-server or l7-proxy of Evenly that runs in the cluster. */
export interface Program {
  kind: 'xds-server' | 'l7-proxy';
  workload: Workload;
  container: Container;
  /** Its pods run somebody else's program too: it is a sidecar. */
  isBesideOthers: boolean;
  /** What it serves by its config files; undefined: it has none, or none that could be read. */
  config: MeshConfig | undefined;
  /** Of an xds-server: the namespaces whose gRPC Services it serves, `all`, or none. */
  discover: readonly string[];
  followsGatewayApi: boolean;
  /** Of a proxy that asks a control plane instead of files. */
  xdsServer: string | undefined;
}

/** Where the text of a config file comes from. */
export interface ConfigPlace {
  namespace: string;
  configMap: string;
  key: string;
}

const kinds = ['xds-server', 'l7-proxy'] as const;

/** Known by their images, whatever registry and tag these have. */
export function programKind({ image, texts }: Container): Program['kind'] | undefined {
  // An xds-server that writes a bootstrap ends before the client starts.
  if (texts.some(({ at, value }) => at === 'args[0]' && ['bootstrap', 'check'].includes(value)))
    return undefined;
  const name = image.replace(/@.*$/, '').split('/').at(-1)!.replace(/:.*$/, '');
  return kinds.find((kind) => kind === name);
}

export function programsOf(workloads: readonly Workload[]): Program[] {
  return workloads.flatMap((workload) =>
    workload.pods.containers.flatMap((container) => {
      const kind = programKind(container);
      if (kind === undefined) return [];
      const discover = optionOf(container, 'discover') ?? '';
      return {
        kind,
        workload,
        container,
        isBesideOthers: workload.pods.containers.some((other) => programKind(other) === undefined),
        config: undefined,
        discover: discover
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
        followsGatewayApi: optionOf(container, 'gateway-api') === 'true',
        xdsServer: optionOf(container, 'xds-server'),
      };
    }),
  );
}

/** Where its config files come from; `unknown` has those that are in no ConfigMap. */
export function configPlaces({ workload, container }: Program): { places: ConfigPlace[]; unknown: string[] } {
  const places: ConfigPlace[] = [];
  const unknown: string[] = [];
  const files = (optionOf(container, 'config') ?? '').split(',').filter((file) => file !== '');
  for (const file of files) {
    const mount = container.mounts.find(({ mountPath }) => mountPath === posix.dirname(file));
    const configMap = mount && workload.pods.configMaps.get(mount.name);
    if (configMap === undefined) unknown.push(file);
    else places.push({ namespace: workload.namespace, configMap, key: posix.basename(file) });
  }
  return { places, unknown };
}
