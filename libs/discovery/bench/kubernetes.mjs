// What a large service costs the Kubernetes source: 50 slices of 100 endpoints, then 100 changes of one slice each.
//   npx nx build discovery && node --expose-gc libs/discovery/bench/kubernetes.mjs
// The API server is a process of its own, so CPU and memory here are the source's.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EndpointSlices, KubernetesApi, kubernetesSource, tokenAccess } from '@evenly/discovery';
import { KubeApi } from '@evenly/local-cluster';

/** @typedef {import('@evenly/discovery').EndpointSet} EndpointSet */

const slices = 50;
const endpointsOfSlice = 100;
const changes = 100;

const pod = (slice, index, ready) => ({
  addresses: [`10.${slice}.0.${index}`],
  conditions: { ready, serving: ready, terminating: false },
  nodeName: `node-${index}`,
  zone: `zone-${index % 3}`,
  targetRef: {
    kind: 'Pod',
    namespace: 'default',
    name: `be1-srv-${slice}-${index}`,
    uid: `uid-${slice}-${index}`,
  },
});
/** @returns {import('@evenly/local-cluster').EndpointSliceObject} */
const sliceObject = (slice, notReady = -1) => ({
  metadata: {
    name: `be1-srv-${slice}`,
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': 'be1-srv' },
  },
  addressType: 'IPv4',
  endpoints: Array.from({ length: endpointsOfSlice }, (_, index) => pod(slice, index, index !== notReady)),
  ports: [{ name: 'grpc', protocol: 'TCP', port: 50051 }],
});

async function serve() {
  const api = await new KubeApi().start();
  for (let slice = 0; slice < slices; slice++) api.store.put(sliceObject(slice));
  process.on('message', ({ slice, notReady }) => api.store.put(sliceObject(slice, notReady)));
  process.on('disconnect', () => process.exit(0));
  process.send?.({ url: api.url });
}

async function measure() {
  const server = fork(fileURLToPath(import.meta.url), ['serve']);
  const [{ url }] = await once(server, 'message');
  const before = memory();
  let told = (/** @type {EndpointSet} */ _set) => {};
  const source = kubernetesSource({
    slices: new EndpointSlices(new KubernetesApi(tokenAccess({ server: url }))),
    ...{ namespace: 'default', service: 'be1-srv', port: 'grpc' },
  });
  /** @type {Promise<EndpointSet>} */
  const first = new Promise((resolve) => (told = resolve));
  const stop = source.watch({
    onEndpoints: (set) => told(set),
    onError: console.error,
    onRecovered: () => {},
  });
  const { endpoints } = await first;
  const held = memory();
  const latencies = [];
  const cpu = process.cpuUsage();
  for (let change = 0; change < changes; change++) {
    /** @type {Promise<EndpointSet>} */
    const next = new Promise((resolve) => (told = resolve));
    const startedMs = performance.now();
    server.send({ slice: change % slices, notReady: change });
    await next;
    latencies.push(performance.now() - startedMs);
  }
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  console.log({
    endpoints: endpoints.length,
    'heap for them, MB': round(held.heap - before.heap),
    'RSS of the process, MB': round(memory().rss),
    'CPU per change, ms': round((user + system) / 1000 / changes),
    'change to set, p50 ms': round(latencies[changes / 2]),
    'change to set, p99 ms': round(latencies[changes - 1]),
  });
  stop();
  server.disconnect();
}

function memory() {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed / 1e6, rss: rss / 1e6 };
}

const round = (value) => Math.round(value * 10) / 10;

await (process.argv[2] === 'serve' ? serve() : measure());
