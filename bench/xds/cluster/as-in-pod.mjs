import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Talker } from '../processes.mjs';
import { namespace } from './objects.mjs';

const here = (path) => new URL(path, import.meta.url).pathname;

/** Half of what the container may have in `k8s/base/xds-server`, which the image gives to the heap: docker/Dockerfile. */
const heapMebibytes = 384 / 2;
const nodeArgs = [`--max-old-space-size=${heapMebibytes}`, ...(process.env.NODE_ARGS?.split(' ') ?? [])];
const xdsServer = process.env.XDS_SERVER ?? here('../../../apps/xds-server/dist/main.js');

const account = 'xds-server';
const binding = 'evenly-bench-xds-server';

/**
 * Our xds-server as its pod has it, but for the image: the images' Node with their share of memory for the heap, and a
 * service account that may see Services and EndpointSlices. The account's files are at their place for this process alone,
 * in a mount namespace, which takes root.
 */
export async function evenlyAsInPod({ api, kubeconfig }) {
  await allowToWatch(api);
  const directory = await mkdtemp(join(tmpdir(), 'evenly-bench-xds-'));
  const { server, files } = credentials(kubeconfig);
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  const node = execFileSync('bash', [here('../../../e2e/memory/node.sh')], { encoding: 'utf8' }).trim();
  const script = `mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io &&
    cp -r ${directory} /run/secrets/kubernetes.io/serviceaccount && exec "$@"`;
  const url = new URL(server);
  const environment = [
    `KUBERNETES_SERVICE_HOST=${url.hostname}`,
    `KUBERNETES_SERVICE_PORT=${url.port || 443}`,
  ];
  const command = ['env', '-u', 'KUBECONFIG', 'HOME=/', ...environment, node, ...nodeArgs, xdsServer];
  const options = ['--discover', 'all', '--host', '127.0.0.1', '--port', '0', '--exit-with-parent'];
  const talker = new Talker('xds-server', 'unshare', [
    '--mount',
    ...['sh', '-c', script, 'sh'],
    ...command,
    ...options,
  ]);
  const { port } = await talker.event('listening', 'xds');
  const stop = async () => {
    await talker.stop();
    await rm(directory, { recursive: true });
    await api.delete(bindingKind, { name: binding });
    await api.delete(roleKind, { name: binding });
  };
  return { pid: talker.pid, address: `127.0.0.1:${port}`, stop };
}

const group = 'rbac.authorization.k8s.io';
const roleKind = { group, version: 'v1', plural: 'clusterroles', kind: 'ClusterRole' };
const bindingKind = { group, version: 'v1', plural: 'clusterrolebindings', kind: 'ClusterRoleBinding' };
const accountKind = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount' };

async function allowToWatch(api) {
  const verbs = ['list', 'watch'];
  await api.apply(accountKind, { metadata: { name: account, namespace } });
  await api.apply(roleKind, {
    metadata: { name: binding },
    rules: [
      { apiGroups: [''], resources: ['services'], verbs },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
    ],
  });
  await api.apply(bindingKind, {
    metadata: { name: binding },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: binding },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  });
}

function credentials(kubeconfig) {
  const kubectl = (...args) =>
    execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...args], { encoding: 'utf8' }).trim();
  const cluster = (field) =>
    kubectl('config', 'view', '--minify', '--raw', '-o', `jsonpath={.clusters[0].cluster.${field}}`);
  const files = {
    token: kubectl('create', 'token', account, '-n', namespace, '--duration=2h'),
    namespace,
    'ca.crt': Buffer.from(cluster('certificate-authority-data'), 'base64'),
  };
  return { server: cluster('server'), files };
}
