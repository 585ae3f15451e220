// What a storm of routes costs an xds-server, in any cluster that has the Gateway API's definitions:
//   KUBECONFIG=FILE node storm.mjs [--before DIR] [--rounds N]
// Applies 500 GRPCRoutes over 100 Services by kubectl while the xds-server of this checkout runs as a process here, as its pod
// has it but for the image, with a proxy that follows the Gateway; of DIR, another checkout that is built, in turns. Prints a
// line of JSON for each round: CPU from the first Service on until 20 s after the last route is Accepted, and resident memory.
// It takes root, and a kubectl that is a cluster's admin.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values: args } = parseArgs({
  options: { before: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});
const root = resolve(import.meta.dirname, '../..');
const [routes, services] = [500, 100];
const namespace = 'evenly-storm';
const ports = { xds: 28_000, admin: 28_001, proxyAdmin: 28_002 };

const kubectl = (/** @type {string[]} */ command, /** @type {string | undefined} */ input = undefined) =>
  execFileSync('kubectl', command, { encoding: 'utf8', input, maxBuffer: 2 ** 28 });

const names = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => index + 1);
const document = (/** @type {object} */ object) => `---\n${JSON.stringify(object)}\n`;
const gateways = 'gateway.networking.k8s.io/v1';
const account = { kind: 'ServiceAccount', name: 'xds-server', namespace };
const setup = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account.name, namespace } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [account],
  },
  {
    apiVersion: gateways,
    kind: 'GatewayClass',
    metadata: { name: namespace },
    spec: { controllerName: 'evenly.dev/storm' },
  },
  {
    apiVersion: gateways,
    kind: 'Gateway',
    metadata: { name: 'storm', namespace },
    spec: { gatewayClassName: namespace, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  },
];
const service = (/** @type {number} */ index) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: `many-${index}`, namespace },
  spec: {
    selector: { app: 'none' },
    ports: [{ name: 'grpc', port: 8080, appProtocol: 'kubernetes.io/h2c' }],
  },
});
const backend = (/** @type {number} */ index, /** @type {number} */ weight) => ({
  name: `many-${(index % services) + 1}`,
  port: 8080,
  weight,
});
const route = (/** @type {number} */ index) => ({
  apiVersion: gateways,
  kind: 'GRPCRoute',
  metadata: { name: `many-${index}`, namespace },
  spec: {
    parentRefs: [{ name: 'storm' }],
    hostnames: [`r${index}.example`],
    rules: [
      {
        matches: [{ method: { service: 'shop.Cart' } }],
        backendRefs: [backend(index - 1, 90), backend(index, 10)],
      },
    ],
  },
});

/** A pod's files of its service account, which the xds-server finds at their place in a mount namespace of its own. */
function credentials() {
  const directory = mkdtempSync(join(tmpdir(), 'evenly-storm-'));
  const cluster = (/** @type {string} */ field) =>
    kubectl(['config', 'view', '--minify', '--raw', '-o', `jsonpath={.clusters[0].cluster.${field}}`]);
  const token = kubectl(['create', 'token', account.name, '-n', namespace, '--duration=2h']).trim();
  writeFileSync(join(directory, 'token'), token);
  writeFileSync(join(directory, 'namespace'), namespace);
  writeFileSync(join(directory, 'ca.crt'), Buffer.from(cluster('certificate-authority-data'), 'base64'));
  return { directory, server: new URL(cluster('server')) };
}

/** CPU in seconds and resident memory in MB of a process. */
function usage(/** @type {number | undefined} */ pid) {
  const [, fields = ''] = /.*\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const memory = (/** @type {string} */ field) =>
    Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { cpu: ((user ?? 0) + (system ?? 0)) / 100, rss: memory('VmRSS'), peak: memory('VmHWM') };
}

async function until(/** @type {() => Promise<boolean> | boolean} */ holds, patienceMs = 180_000) {
  for (const endMs = Date.now() + patienceMs; Date.now() < endMs; await sleep(200)) if (await holds()) return;
  throw new Error(`not within ${patienceMs} ms`);
}

const isReady = async () =>
  fetch(`http://127.0.0.1:${ports.admin}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

function accepted() {
  const condition = '{.status.parents[*].conditions[?(@.type=="Accepted")].status}';
  const list = kubectl([
    'get',
    'grpcroutes',
    '-n',
    namespace,
    '-o',
    `jsonpath={range .items[*]}${condition} {end}`,
  ]);
  return list.split(' ').filter((one) => one === 'True').length === routes;
}

async function measure(/** @type {string} */ arm, /** @type {string} */ checkout) {
  kubectl(['apply', '--server-side', '-f', '-'], setup.map(document).join(''));
  const { directory, server } = credentials();
  const node = execFileSync('bash', [join(root, 'e2e/memory/node.sh')], { encoding: 'utf8' }).trim();
  const program = (/** @type {string} */ name) => join(checkout, 'apps', name, 'dist/main.js');
  const script = `mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io &&
    cp -r ${directory} /run/secrets/kubernetes.io/serviceaccount && exec "$@"`;
  const { KUBECONFIG: _, ...own } = process.env;
  const env = {
    ...own,
    HOME: '/',
    KUBERNETES_SERVICE_HOST: server.hostname,
    KUBERNETES_SERVICE_PORT: server.port,
  };
  // Half of what the container may have in k8s/base/xds-server, as the image gives it to the heap.
  const command = [node, '--max-old-space-size=192', program('xds-server'), '--gateway-api'];
  const options = [
    '--host=127.0.0.1',
    `--port=${ports.xds}`,
    `--admin-port=${ports.admin}`,
    '--gateway-service-type=ClusterIP',
  ];
  const xdsServer = spawn(
    'unshare',
    ['--mount', 'sh', '-c', script, 'sh', ...command, ...options, '--gateway-controller=evenly.dev/storm'],
    { env, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  let proxy;
  try {
    await until(isReady, 60_000);
    const proxyOptions = [`--xds-server=127.0.0.1:${ports.xds}`, `--admin-port=${ports.proxyAdmin}`];
    proxy = spawn(
      node,
      [program('l7-proxy'), ...proxyOptions, `--xds-node-cluster=gateway/${namespace}/storm`],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    await sleep(10_000);
    const before = usage(xdsServer.pid);
    const startedMs = Date.now();
    kubectl(['apply', '--server-side', '-f', '-'], names(services).map(service).map(document).join(''));
    kubectl(['apply', '--server-side', '-f', '-'], names(routes).map(route).map(document).join(''));
    const appliedMs = Date.now();
    await until(accepted);
    const acceptedMs = Date.now();
    await sleep(20_000);
    const after = usage(xdsServer.pid);
    return {
      arm,
      load: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]),
      applyMs: appliedMs - startedMs,
      acceptedMs: acceptedMs - appliedMs,
      cpuSeconds: Math.round((after.cpu - before.cpu) * 100) / 100,
      rssMb: { before: before.rss, after: after.rss, highest: after.peak },
    };
  } finally {
    proxy?.kill();
    xdsServer.kill();
    rmSync(directory, { recursive: true });
    kubectl(['delete', 'clusterrolebinding,gatewayclass', namespace, '--ignore-not-found']);
    kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=180s']);
  }
}

const arms = { ...(args.before === undefined ? {} : { before: resolve(args.before) }), now: root };
for (let round = 0; round < Number(args.rounds); round++)
  for (const [arm, checkout] of Object.entries(arms))
    console.log(JSON.stringify(await measure(arm, checkout)));
