import { endpointKey, type EndpointSource } from '@evenly/endpoints';

export interface NamedSource {
  cluster: string;
  source: EndpointSource;
}

/**
 * Looks out for addresses that several clusters have, whose pods' networks overlap: nobody can tell such endpoints apart, and
 * a call goes to whichever the caller's network leads to. `mergedSource` takes the first cluster's.
 * @param onOverlap told when it begins, and when it is of other clusters
 */
export function watchedForOverlaps(
  sources: readonly NamedSource[],
  onOverlap: (message: string) => void,
): EndpointSource[] {
  const keys: ReadonlySet<string>[] = sources.map(() => new Set());
  let said: string | undefined;
  const look = (index: number) => {
    const overlap = overlapOf(keys, index);
    if (overlap === undefined) return;
    const { other, key, count } = overlap;
    const [first, second] = [Math.min(index, other), Math.max(index, other)].map(
      (at) => sources[at]!.cluster,
    );
    const which = `${first} ${second}`;
    if (which === said) return;
    said = which;
    const more = count > 1 ? ` and ${count - 1} more` : '';
    onOverlap(
      `${key}${more}: an endpoint of cluster ${first} and one of ${second}, so their networks overlap; it counts for ${first}`,
    );
  };
  return sources.map(({ source }, index) => ({
    ...source,
    watch: (listener) =>
      source.watch({
        onError: (error) => listener.onError(error),
        onRecovered: () => listener.onRecovered(),
        onEndpoints: (set) => {
          keys[index] = new Set(set.endpoints.map(endpointKey));
          look(index);
          listener.onEndpoints(set);
        },
      }),
  }));
}

function overlapOf(keys: readonly ReadonlySet<string>[], index: number) {
  for (const [other, theirs] of keys.entries()) {
    if (other === index) continue;
    const both = [...keys[index]!].filter((key) => theirs.has(key));
    if (both.length > 0) return { other, key: both[0]!, count: both.length };
  }
  return undefined;
}
