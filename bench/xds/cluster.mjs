import { setTimeout as sleep } from 'node:timers/promises';
import { findAccess, KubernetesApi } from '@evenly/kubernetes';
import { changeAtRate } from './cluster/changes.mjs';
import { makeObjects, namespace, port, readSlices, removeObjects, serviceName } from './cluster/objects.mjs';
import { differences, latencies } from './cluster/outcome.mjs';
import { serverNames, servers, stopIstiod } from './cluster/servers.mjs';
import { cpuMicros, peakRssBytes, rssBytes, Talker } from './processes.mjs';
import { machineFacts, markdown, plain, save } from './report.mjs';

const size = { services: 2000, endpoints: 10, clients: 1000, each: 20 };
const perSecond = 20;
/** Longer than istiod takes for what it holds back: 10 s, and half a minute on a busy machine. */
const settleMs = 40_000;
/** Until all clients have what they ask for: istiod works for half a second on each client of so many Services. */
const connectPatienceMs = 1_800_000;
/** Each tells what all clients of a Service have: of more than these, only the number is kept. */
const maxDifferences = 10;

const subscribers = new URL('go/bin/subscribers', import.meta.url).pathname;

/** A whole cluster's Services in a real API server: many that change, and clients that ask for some of them each. */
export async function cluster({ minutes = 5, clients, arms = Object.keys(servers), keep, save: keepResult }) {
  if (clients !== undefined) size.clients = clients;
  const { KUBECONFIG: kubeconfig } = process.env;
  if (!kubeconfig) throw new Error('KUBECONFIG must name the cluster that the Services are made in');
  const machine = machineFacts();
  const api = new KubernetesApi(await findAccess({ kubeconfig, env: process.env }));
  const results = [];
  try {
    await stopIstiod(kubeconfig);
    console.log(`makes ${size.services} Services with ${size.services * size.endpoints} endpoints`);
    await makeObjects(api, size);
    for (const arm of arms) {
      results.push({ arm, ...size, ...(await measure(arm, { api, kubeconfig, seconds: minutes * 60 })) });
      console.log(JSON.stringify(results.at(-1)));
    }
  } finally {
    if (!keep) await removeObjects(api);
    api.close();
  }
  const table = tableOf(results);
  console.log(`\n${plain(table)}`);
  if (keepResult) save('cluster', { machine, minutes, results }, markdown(table));
  const wrong = results.find(({ arm, wrongViews }) => arm === 'evenly' && wrongViews > 0);
  if (wrong) throw new Error(`views differ:\n${wrong.differences.join('\n')}`);
}

async function measure(arm, { api, kubeconfig, seconds }) {
  const server = await servers[arm]({ api, kubeconfig });
  const { pid, address } = server;
  let clients;
  try {
    const start = { startCpuSeconds: cpuMicros(pid) / 1e6, startRssBytes: rssBytes(pid) };
    clients = new Talker('subscribers', subscribers, [
      ...[
        '-server',
        address,
        '-namespace',
        namespace,
        '-port',
        `${port}`,
        '-service',
        serviceName('').slice(0, -1),
      ],
      ...['-clients', `${size.clients}`, '-services', `${size.services}`, '-each', `${size.each}`],
    ]);
    const { connectNs } = await clients.event('ready', undefined, connectPatienceMs);
    await sleep(settleMs);
    const connected = { connectedCpuSeconds: cpuMicros(pid) / 1e6, connectedRssBytes: rssBytes(pid) };
    const before = cpuMicros(pid);
    const changes = await changeAtRate(api, { perSecond, seconds });
    await sleep(settleMs);
    const cpuSeconds = (cpuMicros(pid) - before) / 1e6;
    clients.say('end');
    const { acks, views, responses } = await clients.event('end');
    const found = differences(views, await readSlices(api), size);
    return {
      ...start,
      connectMs: connectNs / 1e6,
      ...connected,
      changes: changes.length,
      cpuSeconds,
      rssBytes: rssBytes(pid),
      peakRssBytes: peakRssBytes(pid),
      responses,
      ...latencies(changes, acks, size),
      wrongViews: found.length,
      differences: found.slice(0, maxDifferences),
    };
  } finally {
    await clients?.stop();
    await server.stop();
  }
}

function tableOf(results) {
  const header = [
    'server',
    'p50 ms to last ACK',
    'p99 ms',
    'max ms',
    'CPU s',
    'RSS MiB, peak',
    'changes not acknowledged',
    'Services with a wrong view',
  ];
  const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(0);
  const rows = results.map((one) => [
    serverNames[one.arm],
    ...[one.p50Ms, one.p99Ms, one.maxMs].map((ms) => ms.toFixed(0)),
    one.cpuSeconds.toFixed(1),
    `${mebibytes(one.rssBytes)}, ${mebibytes(one.peakRssBytes)}`,
    `${one.lost} of ${one.changes}`,
    `${one.wrongViews} of ${one.services}`,
  ]);
  const [ours, theirs] = ['evenly', 'istiod'].map((arm) => results.find((one) => one.arm === arm));
  if (ours && theirs) {
    const ratio = (field) => (ours[field] / theirs[field]).toFixed(2);
    const latency = ['p50Ms', 'p99Ms', 'maxMs'].map(ratio);
    rows.push([
      '× istiod',
      ...latency,
      ratio('cpuSeconds'),
      `${ratio('rssBytes')}, ${ratio('peakRssBytes')}`,
      '',
      '',
    ]);
  }
  return { header, rows };
}
