// Proves the Kubernetes source against a real API server, with kubectl and the cluster of KUBECONFIG:
//   npx nx build discovery && node libs/discovery/testing/real-cluster.mjs [IMAGE]
// IMAGE is one that the nodes have or can pull; its program only has to stay. Everything is done in a namespace of its
// own, which is deleted at the end. Prints what it saw, and ends with 1 at the first thing that is not as it should be.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  endpointKey,
  EndpointSlices,
  findAccess,
  KubernetesApi,
  kubernetesSource,
  tokenAccess,
} from '@evenly/discovery';

const image = process.argv[2] ?? 'registry.k8s.io/pause:3.10.1';
const namespace = `evenly-discovery-${process.pid}`;
const directory = mkdtempSync(join(tmpdir(), 'evenly-real-cluster-'));
const waitMs = 60_000;

const stops = [];
const kubectl = (...words) => execFileSync('kubectl', words, { encoding: 'utf8' }).trim();
const inNamespace = (...words) => kubectl('-n', namespace, ...words);
const apply = (...objects) =>
  execFileSync('kubectl', ['apply', '-n', namespace, '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    stdio: ['pipe', 'ignore', 'inherit'],
  });

const labels = { app: 'be1-srv' };
const deployment = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'be1-srv' } },
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 5,
        containers: [{ name: 'pause', image, ports: [{ name: 'grpc', containerPort: 50051 }] }],
      },
    },
  },
};
const service = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'be1-srv' } },
  spec: { clusterIP: 'None', selector: labels, ports: [{ name: 'grpc', port: 50051, targetPort: 'grpc' }] },
};
const role = {
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'slices' } },
  rules: [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] }],
};
const binding = {
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'slices' } },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'slices' },
  subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
};

/**
 * @typedef {import('@evenly/discovery').Endpoint} Endpoint
 * @typedef {import('@evenly/discovery').DiscoveryError} DiscoveryError
 * @typedef {{
 *   ready: string[], states: Set<string>, log: string[], warnings: string[], errors: DiscoveryError[],
 *   last?: readonly Endpoint[], stop: () => void,
 * }} Seen
 */

function watch(api, options = {}) {
  /** @type {Seen} */
  const seen = { ready: [], states: new Set(), log: [], warnings: [], errors: [], stop: () => {} };
  const source = kubernetesSource({
    ...{ slices: new EndpointSlices(api), namespace, service: 'be1-srv', port: 'grpc', ...options },
    onWarning: (message) => seen.warnings.push(message),
  });
  seen.stop = source.watch({
    onEndpoints: ({ endpoints }) => {
      seen.ready = endpoints.filter(({ state }) => state === 'ready').map(endpointKey);
      for (const { state } of endpoints) seen.states.add(state);
      seen.log.push(`set of ${endpoints.length}`);
      seen.last = endpoints;
    },
    onError: (error) => {
      seen.errors.push(error);
      seen.log.push(error.code);
    },
    onRecovered: () => seen.log.push('recovered'),
  });
  stops.push(seen.stop);
  return seen;
}

async function until(what, holds) {
  const startedMs = performance.now();
  while (!holds()) {
    if (performance.now() - startedMs > waitMs) throw new Error(`not within ${waitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  console.log(`${what} (after ${Math.round(performance.now() - startedMs)} ms)`);
}

async function followsTheService(api) {
  const seen = watch(api);
  await until('no slice yet: an empty set, and a warning', () => seen.warnings.length === 1 && seen.last);
  apply(deployment, service);
  await until('3 pods are ready', () => seen.ready.length === 3);
  console.log('  such as', seen.last?.[0]);
  inNamespace('scale', 'deployment/be1-srv', '--replicas=10');
  await until('10 pods are ready', () => seen.ready.length === 10);
  const before = new Set(seen.ready);
  inNamespace('rollout', 'restart', 'deployment/be1-srv');
  await until(
    '10 other pods are ready',
    () => seen.ready.length === 10 && !seen.ready.some((key) => before.has(key)),
  );
  await until('pods that terminated were seen', () => seen.states.has('serving-terminating'));
  inNamespace('scale', 'deployment/be1-srv', '--replicas=0');
  await until('none is ready', () => seen.last?.length === 0);
  inNamespace('scale', 'deployment/be1-srv', '--replicas=2');
  await until('2 pods are ready', () => seen.ready.length === 2);
  const noPort = watch(api, { port: 'http' });
  await until('a port that is not there is an error', () => noPort.errors[0]?.code === 'NO_PORT');
  console.log(`  ${noPort.errors[0]?.message}`);
  noPort.stop();
  inNamespace('delete', 'service', 'be1-srv');
  await until('the service is gone', () => seen.last?.length === 0 && seen.warnings.length === 2);
  apply(service);
  await until('the service is back', () => seen.ready.length === 2);
  if (seen.errors.length > 0) throw new Error(`there were errors: ${seen.errors.map(String).join('; ')}`);
  seen.stop();
}

async function namesTheMissingRule(server) {
  inNamespace('create', 'serviceaccount', 'reader');
  const caData = kubectl(
    'config',
    'view',
    '--raw',
    '--minify',
    '-o',
    'jsonpath={.clusters[0].cluster.certificate-authority-data}',
  );
  const [tokenFile, caFile] = [join(directory, 'token'), join(directory, 'ca.crt')];
  writeFileSync(caFile, Buffer.from(caData, 'base64'));
  writeFileSync(tokenFile, 'nonsense');
  const seen = watch(new KubernetesApi(tokenAccess({ server, tokenFile, caFile })));
  await until('a wrong token is refused', () => seen.log.includes('UNAUTHORIZED'));
  writeFileSync(tokenFile, inNamespace('create', 'token', 'reader'));
  await until('a token without rights is refused', () => seen.log.includes('FORBIDDEN'));
  console.log(`  ${seen.errors.at(-1)?.message}`);
  apply(role, binding);
  await until('with the rule it follows', () => seen.log.at(-1) === 'recovered' && seen.ready.length === 2);
  if (seen.log.filter((each) => each === 'FORBIDDEN').length > 1) throw new Error('FORBIDDEN was said twice');
  seen.stop();
}

async function renewsItsWatch(access) {
  const seen = watch(new KubernetesApi(access, { watchSeconds: 6 }));
  await until('2 pods are ready', () => seen.ready.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  inNamespace('scale', 'deployment/be1-srv', '--replicas=3');
  await until('3 pods are ready, after the watch ended a few times', () => seen.ready.length === 3);
  if (seen.errors.length > 0) throw new Error(`there were errors: ${seen.errors.map(String).join('; ')}`);
  seen.stop();
}

try {
  kubectl('create', 'namespace', namespace);
  const access = await findAccess({ env: process.env });
  console.log(
    `API server ${access.server}, ${kubectl('version', '-o', 'json')
      .match(/"gitVersion": "(v[^"]+)"/g)
      ?.at(-1)}`,
  );
  await followsTheService(new KubernetesApi(access));
  await namesTheMissingRule(access.server);
  await renewsItsWatch(access);
  console.log('all as it should be');
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const stop of stops) stop();
  kubectl('delete', 'namespace', namespace, '--wait=false');
  rmSync(directory, { recursive: true });
}
