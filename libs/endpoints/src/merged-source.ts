import { endpointSet, type EndpointSet } from './endpoint.ts';
import { DiscoveryError } from './errors.ts';
import { Updates } from './updates.ts';
import type { EndpointSource } from './source.ts';

/**
 * The endpoints of several sources together; of an address that several have, the first source's one counts.
 * Nothing is told until each source told a set or an error, so that a restart does not show a part as the whole. After
 * that, one that fails keeps its last set and hides nothing of the others. A limit on the age of that set
 * (`withStaleLimit`) belongs around each source here, not around the whole, else one failure would empty all.
 * @throws DiscoveryError BAD_CONFIG without any source
 */
export function mergedSource(sources: readonly EndpointSource[]): EndpointSource {
  if (sources.length === 0)
    throw new DiscoveryError('BAD_CONFIG', 'there must be at least one source to merge');
  return {
    description: sources.map(({ description }) => description).join(' + '),
    refresh: () => sources.forEach((source) => source.refresh?.()),
    endGrace: () => sources.forEach((source) => source.endGrace?.()),
    watch: (listener) => {
      const updates = new Updates(listener);
      const sets: (EndpointSet | undefined)[] = sources.map(() => undefined);
      const waitingFor = new Set(sources.keys());
      const tell = () => {
        if (waitingFor.size > 0 || sets.every((set) => set === undefined)) return;
        updates.endpoints(endpointSet(sets.flatMap((set) => set?.endpoints ?? [])));
      };
      const stops = sources.map((source, index) =>
        source.watch({
          onEndpoints: (set) => {
            sets[index] = set;
            waitingFor.delete(index);
            tell();
          },
          onError: (error) => {
            updates.error(`${index}`, error);
            if (waitingFor.delete(index)) tell();
          },
          onRecovered: () => updates.ok(`${index}`),
        }),
      );
      return () => stops.forEach((stop) => stop());
    },
  };
}
