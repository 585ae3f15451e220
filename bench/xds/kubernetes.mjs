import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeApi, serviceNameLabel } from '@evenly/local-cluster';
import { startXdsServer } from './arms.mjs';
import { endpoints } from './endpoints.mjs';
import { measure } from './measure.mjs';
import { machineFacts, markdown, plain, save } from './report.mjs';
import { spread } from './statistics.mjs';

const size = { clients: 1000, endpoints: 100 };
/** As many as Kubernetes puts into a slice. */
const perSlice = 100;

const config = `
services:
  be1-srv:
    source: { kubernetes: { service: be1-srv, port: grpc } }
routes:
  - match: { authority: be1-srv }
    to: [{ service: be1-srv }]
`;

/** From a change of an EndpointSlice in a Kubernetes API (of libs/local-cluster) to the last ACK of 1000 clients. */
export async function kubernetes({ rounds, pushes = 100, save: keep }) {
  const machine = machineFacts();
  const plan = { minPushes: pushes, maxPushes: pushes, budgetMs: 0 };
  const results = [];
  for (let round = 1; round <= rounds; round++) {
    results.push({ round, ...size, ...(await measure(await serverOnKubernetes(), size, plan)) });
  }
  const over = (field) => {
    const { median, min, max } = spread(results.map((result) => result[field]));
    return `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`;
  };
  const header = ['clients × endpoints', 'p50 ms from slice to last ACK', 'p99 ms', 'max ms', 'pushes'];
  const total = results.reduce((sum, result) => sum + result.pushes, 0);
  const rows = [
    [`${size.clients} × ${size.endpoints}`, over('p50Ms'), over('p99Ms'), over('maxMs'), String(total)],
  ];
  console.log(plain({ header, rows }));
  if (keep) save('kubernetes', { machine, rounds: results }, markdown({ header, rows }));
}

async function serverOnKubernetes() {
  const api = await new KubeApi().start();
  for (const slice of slices()) api.store.put(slice);
  const directory = await mkdtemp(join(tmpdir(), 'evenly-bench-xds-'));
  const configFile = join(directory, 'mesh.yaml');
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(configFile, config);
  await writeFile(kubeconfig, JSON.stringify(kubeconfigFor(api.url)));
  const server = await startXdsServer(['--config', configFile, '--kubeconfig', kubeconfig]);
  return {
    ...server,
    change: async (address) => {
      const [first] = slices(address);
      if (first !== undefined) api.store.put(first);
    },
    stop: async () => {
      await server.process.stop();
      await api.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** @returns {import('@evenly/local-cluster').EndpointSliceObject[]} */
function slices(firstAddress = undefined) {
  const all = endpoints(size.endpoints, firstAddress);
  return Array.from({ length: Math.ceil(all.length / perSlice) }, (_, i) => ({
    metadata: { name: `be1-srv-${i}`, namespace: 'default', labels: { [serviceNameLabel]: 'be1-srv' } },
    addressType: 'IPv4',
    endpoints: all.slice(i * perSlice, (i + 1) * perSlice).map(({ address }) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
    })),
    ports: [{ name: 'grpc', protocol: 'TCP', port: 50051 }],
  }));
}

const kubeconfigFor = (server) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'bench', cluster: { server } }],
  users: [{ name: 'bench', user: {} }],
  contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
  'current-context': 'bench',
});
