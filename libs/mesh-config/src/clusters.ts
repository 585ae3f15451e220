import type { Source } from './file-format/source-format.ts';
import type { SourceCluster } from './source-cluster.ts';

export type { SourceCluster };

export const isOwnCluster = ({ kubeconfig }: SourceCluster): boolean => kubeconfig === undefined;

/** The clusters that a source asks by name; none where it asks the program's own alone. */
export function clustersOf(source: Source): readonly SourceCluster[] {
  if (source.kind === 'merged') return source.sources.flatMap(clustersOf);
  return source.kind === 'kubernetes' ? (source.clusters ?? []) : [];
}

/** Of a source that names clusters; of others there is none. */
export interface Regions {
  /** Of the program's own cluster, where that is one of them. */
  own?: string;
  all: readonly string[];
}

export function regionsOf(source: Source): Regions {
  const clusters = clustersOf(source);
  const own = clusters.find(isOwnCluster);
  const all = [...new Set(clusters.map(({ region }) => region))];
  return { all, ...(own !== undefined && { own: own.region }) };
}

/** Callers go to endpoints of their own region first. */
export const hasSeveralRegions = ({ all }: Regions): boolean => all.length > 1;

/**
 * Where a caller counts as: in the region that it says, if that is one of them; else, for it says nothing or uses the words of
 * a cloud, with the program that serves it.
 */
export const regionOfCaller = ({ own, all }: Regions, said: string): string =>
  all.includes(said) ? said : (own ?? said);
