import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findAccess, KubernetesApi } from '@evenly/kubernetes';
import { Addresses } from './cluster/addresses.mjs';
import { makeService, namespace, port, removeObjects, setEndpoints } from './cluster/objects.mjs';
import { serverNames, servers, stopIstiod } from './cluster/servers.mjs';
import { Talker } from './processes.mjs';
import { machineFacts, markdown, plain, save } from './report.mjs';
import { quantile } from './statistics.mjs';

const service = 'ready';
const [from, to] = [2, 20];
/** Between two pods that become ready, as kubelets come to it: the least, and the most. */
const apartMs = { least: 50, most: 250 };
/** Until the first endpoints answer: an istiod that has just begun takes its time. */
const patienceMs = 120_000;

const caller = new URL('go/bin/caller', import.meta.url).pathname;

/**
 * From the API server's answer that an endpoint is ready to the first call that it gets from a proxyless grpc-go client which
 * calls all the time, while a Service goes from 2 endpoints to 20.
 */
export async function ready({ rounds, arms = Object.keys(servers), save: keepResult }) {
  const { KUBECONFIG: kubeconfig } = process.env;
  if (!kubeconfig) throw new Error('KUBECONFIG must name the cluster that the Service is made in');
  const machine = machineFacts();
  const api = new KubernetesApi(await findAccess({ kubeconfig, env: process.env }));
  const addresses = new Addresses(to);
  const results = [];
  try {
    await stopIstiod(kubeconfig);
    await makeService(api, service);
    for (let round = 1; round <= rounds; round++)
      for (const arm of arms) {
        results.push({ arm, round, ...(await measure(arm, { api, kubeconfig, addresses: addresses.all })) });
        console.log(JSON.stringify(results.at(-1)));
      }
  } finally {
    addresses.remove();
    await removeObjects(api);
    api.close();
  }
  const table = tableOf(arms, results);
  console.log(`\n${plain(table)}`);
  if (keepResult) save('ready', { machine, results }, markdown(table));
}

async function measure(arm, { api, kubeconfig, addresses }) {
  await setEndpoints(api, service, addresses.slice(0, from));
  const server = await servers[arm]({ api, kubeconfig });
  const directory = await mkdtemp(join(tmpdir(), 'evenly-bench-ready-'));
  let client;
  try {
    const bootstrap = join(directory, 'bootstrap.json');
    await writeFile(bootstrap, JSON.stringify(bootstrapFor(server.address)));
    const target = `xds:///${service}.${namespace}.svc.cluster.local:${port}`;
    const listen = addresses.map((address) => `${address}:${port}`).join();
    client = new Talker('caller', 'env', [
      `GRPC_XDS_BOOTSTRAP=${bootstrap}`,
      ...[caller, '-target', target, '-listen', listen],
    ]);
    await client.event('listening');
    for (const address of addresses.slice(0, from))
      await client.event('first', `${address}:${port}`, patienceMs);
    const readyNs = [];
    for (let count = from + 1; count <= to; count++) {
      await sleep(apartMs.least + Math.random() * (apartMs.most - apartMs.least));
      await setEndpoints(api, service, addresses.slice(0, count));
      readyNs.push(process.hrtime.bigint());
    }
    const tookMs = [];
    for (const [i, address] of addresses.slice(from).entries()) {
      const { ns } = await client.event('first', `${address}:${port}`, patienceMs);
      tookMs.push(Number(BigInt(ns) - (readyNs[i] ?? 0n)) / 1e6);
    }
    client.say('end');
    const { calls, failed } = await client.event('end');
    return { tookMs, calls, failed: failed ?? {} };
  } finally {
    await client?.stop();
    await server.stop();
    await rm(directory, { recursive: true });
  }
}

/** As Istio's agent writes it, whose node metadata ours passes over. */
const bootstrapFor = (address) => ({
  xds_servers: [{ server_uri: address, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
  node: {
    id: `sidecar~127.0.0.1~caller.${namespace}~${namespace}.svc.cluster.local`,
    metadata: { GENERATOR: 'grpc', NAMESPACE: namespace },
  },
});

function tableOf(arms, results) {
  const header = ['server', 'p50 ms', 'p90 ms', 'max ms', 'calls', 'failed'];
  const of = (arm) => results.filter((one) => one.arm === arm);
  const quantiles = (arm) => {
    const all = of(arm).flatMap(({ tookMs }) => tookMs);
    return [0.5, 0.9, 1].map((q) => quantile(all, q));
  };
  const rows = arms.map((arm) => [
    serverNames[arm],
    ...quantiles(arm).map((ms) => ms.toFixed(0)),
    `${of(arm).reduce((sum, { calls }) => sum + calls, 0)}`,
    `${of(arm).reduce((sum, { failed }) => sum + Object.values(failed).reduce((a, b) => a + b, 0), 0)}`,
  ]);
  if (arms.includes('evenly') && arms.includes('istiod')) {
    const theirs = quantiles('istiod');
    rows.push(['× istiod', ...quantiles('evenly').map((ms, i) => (ms / theirs[i]).toFixed(2)), '', '']);
  }
  return { header, rows };
}
