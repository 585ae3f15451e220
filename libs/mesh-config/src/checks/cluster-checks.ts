import { clustersOf, isOwnCluster, type SourceCluster } from '../clusters.ts';
import type { ConfigPart } from '../config-part.ts';
import type { ConfigFault } from '../errors.ts';
import type { Source } from '../file-format/source-format.ts';
import { checkedItems, duplicateFaults, positionOf } from './checked-item.ts';

/** Sources name clusters, which may stand in another file. */
export function clusterFaults(
  parts: readonly ConfigPart[],
  clusters: ReadonlyMap<string, SourceCluster>,
): ConfigFault[] {
  const all = parts.flatMap((part) => checkedItems(part, part.clusters.values()));
  const [own, ...others] = all.filter(({ item }) => isOwnCluster(item));
  return [
    ...duplicateFaults(all, ({ name }) => name, 'the cluster'),
    ...others.map(({ faultOf }) =>
      faultOf(`must have a kubeconfig: the cluster without one, the program's own, is ${positionOf(own!)}`),
    ),
    ...parts.flatMap((part) => unknownClusters(part, clusters)),
  ];
}

function unknownClusters(part: ConfigPart, known: ReadonlyMap<string, unknown>): ConfigFault[] {
  const faultsOf = (item: { source: Source }) =>
    clustersOf(item.source)
      .filter(({ name }) => !known.has(name))
      .map(({ name }) => {
        const reason = `names the cluster "${name}", which is not one of clusters: ${[...known.keys()].join(', ') || 'there are none'}`;
        return part.faultOf(item, reason);
      });
  return [...part.config.services.values()].flatMap((service) => [
    ...faultsOf(service),
    ...[...service.subsets.values()].flatMap(faultsOf),
  ]);
}
