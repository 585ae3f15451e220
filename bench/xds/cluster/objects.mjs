/** Services that no pod is behind, with the EndpointSlices that a controller would write for them. */

export const namespace = 'evenly-bench';
export const port = 50051;
export const serviceName = (index) => `srv-${index}`;

const namespaceKind = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace' };
const serviceKind = { group: '', version: 'v1', plural: 'services', kind: 'Service' };
/** What is followed of a slice is all of it, as the API server has it. */
const sliceKind = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  read: (object) => object,
};

/** An API server that has just got the namespace refuses what comes into it before others know it; as for those that end. */
const patienceMs = 120_000;
const writersAtATime = 8;

/** Kubernetes' own proxies pass over these: thousands of rules for addresses that nobody has are no part of the bench. */
const proxyLabel = { 'service.kubernetes.io/service-proxy-name': 'none' };

const serviceNamed = (name) => ({
  metadata: { name, namespace, labels: proxyLabel },
  spec: { ports: [{ name: 'grpc', port, targetPort: port, protocol: 'TCP' }] },
});

const sliceNamed = (name, endpoints) => ({
  metadata: { name, namespace, labels: { ...proxyLabel, 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: 'grpc', port, protocol: 'TCP' }],
});
const sliceOf = (index, count) => {
  const endpoints = Array.from({ length: count }, (_, i) => endpointAt(firstAddress(index * count + i)));
  return sliceNamed(serviceName(index), endpoints);
};

const endpointAt = (address) => ({
  addresses: [address],
  conditions: { ready: true, serving: true, terminating: false },
});

const firstAddress = (n) => `10.${20 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

/** The address of the n-th change, by which clients know it: `go/subscribers/resources.go`. */
export const changedAddress = (n) => `11.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

/** Makes the namespace and all that is in it, or takes what an earlier run of this size has left there. */
export async function makeObjects(api, { services, endpoints }) {
  const slices = [...(await readSlices(api)).values()];
  if (slices.length === services && slices.every((slice) => slice.endpoints.length === endpoints)) return;
  await untilTaken(() => api.apply(namespaceKind, { metadata: { name: namespace } }));
  const indices = Array.from({ length: services }, (_, index) => index);
  await eachOf(indices, async (index) => {
    await untilTaken(() => api.apply(serviceKind, serviceNamed(serviceName(index))));
    await untilTaken(() => api.apply(sliceKind, sliceOf(index, endpoints)));
  });
}

/** One Service by itself, and the namespace. */
export async function makeService(api, name) {
  await untilTaken(() => api.apply(namespaceKind, { metadata: { name: namespace } }));
  await untilTaken(() => api.apply(serviceKind, serviceNamed(name)));
}

/** All endpoints of a Service that is by itself. */
export const setEndpoints = (api, name, addresses) =>
  api.apply(sliceKind, sliceNamed(name, addresses.map(endpointAt)));

/** Returns before all of it is gone. */
export const removeObjects = (api) => api.delete(namespaceKind, { name: namespace });

/** The n-th change: the Service's first endpoint goes, one at a new address comes. */
export function changeSlice(api, slice, n) {
  const endpoints = [endpointAt(changedAddress(n)), ...slice.endpoints.slice(1)];
  return api.patch(sliceKind, { name: slice.metadata.name, namespace }, { endpoints });
}

/** All slices of the bench by the index of their Service, as the API server has them now. */
export function readSlices(api) {
  return new Promise((resolve, reject) => {
    const stop = api.watch(
      sliceKind,
      { namespace },
      {
        onObjects: (objects) => {
          stop();
          const byIndex = new Map();
          for (const slice of objects.values())
            byIndex.set(Number(slice.metadata.name.slice(serviceName('').length)), slice);
          resolve(byIndex);
        },
        onError: (error) => {
          stop();
          reject(error);
        },
        onWatching: () => {},
      },
    );
  });
}

async function eachOf(items, work) {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: writersAtATime }, worker));
}

async function untilTaken(write) {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
