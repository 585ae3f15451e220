import { faultAt, type ConfigDocument, type FieldPath } from './document.ts';
import type { ConfigFault } from './errors.ts';
import type { SourceCluster } from './clusters.ts';
import type { MeshConfig } from './mesh-config.ts';
import { rememberPositions } from './file-positions.ts';

/** What one file says, in whatever form, with every field checked by itself. `mergeConfigs` checks how they fit. */
export interface ConfigPart {
  file: string;
  config: MeshConfig;
  /** That sources of all parts may name. */
  clusters: ReadonlyMap<string, SourceCluster>;
  /** A fault of a cluster, service, subset, route, destination or listener of the config, at its place in the file. */
  faultOf(item: object, reason: string): ConfigFault;
}

/** @param places where each item of the config stands in the document, which may be of another form */
export function configPart(
  document: ConfigDocument,
  config: MeshConfig,
  places: ReadonlyMap<object, FieldPath>,
  clusters: ReadonlyMap<string, SourceCluster> = new Map(),
): ConfigPart {
  rememberPositions(document, places);
  return {
    file: document.file,
    config,
    clusters,
    faultOf: (item, reason) => faultAt(document, places.get(item) ?? [], reason),
  };
}
