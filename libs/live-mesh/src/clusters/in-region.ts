import { endpointSet, type Endpoint, type EndpointSource } from '@evenly/endpoints';

/** Says of endpoints in which region they are. */
export function inRegion(source: EndpointSource, region: string): EndpointSource {
  /** The same object for the same endpoint: what is known of it goes by that. */
  const placed = new WeakMap<Endpoint, Endpoint>();
  const place = (endpoint: Endpoint) => {
    const known = placed.get(endpoint);
    if (known !== undefined) return known;
    const one = { ...endpoint, region };
    placed.set(endpoint, one);
    return one;
  };
  return {
    ...source,
    watch: (listener) =>
      source.watch({
        onEndpoints: ({ endpoints }) => listener.onEndpoints(endpointSet(endpoints.map(place))),
        onError: (error) => listener.onError(error),
        onRecovered: () => listener.onRecovered(),
      }),
  };
}
