import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DiscoveryError } from '@evenly/endpoints';
import { readCredential } from '@evenly/endpoints/http';
import type { ApiServerAccess } from './api-server-access.ts';
import { kubeconfigAccess } from './kubeconfig.ts';

/** Where Kubernetes puts a pod's own credentials. */
const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** So long a file's text is taken for what it says now: hundreds of statuses are written in a second, and each read costs. */
const freshMs = 1000;

/**
 * Access by a token and a CA in files, both read again for a request a second later: the kubelet rotates a pod's token every
 * hour or so.
 * Without them, for `kubectl proxy` and the like: `{ server: 'http://127.0.0.1:8001' }`.
 */
export function tokenAccess(options: {
  server: string;
  tokenFile?: string;
  caFile?: string;
  namespaceFile?: string;
}): ApiServerAccess {
  const { server, tokenFile, caFile, namespaceFile } = options;
  const ca = caFile === undefined ? undefined : fresh(caFile);
  const token = tokenFile === undefined ? undefined : fresh(tokenFile);
  return {
    server,
    ...(namespaceFile !== undefined && {
      namespace: async () => (await readCredential(namespaceFile)).trim(),
    }),
    requestOptions: async () => ({
      agent: false, // a connection for each request: a list and a watch every few minutes
      ...(ca !== undefined && { ca: await ca() }),
      ...(token !== undefined && { headers: { authorization: `Bearer ${(await token()).trim()}` } }),
    }),
  };
}

/** Reads a file, but not more often than once in `freshMs`. What could not be read is tried again the next time. */
function fresh(file: string): () => Promise<string> {
  let read: Promise<string> | undefined;
  let untilMs = 0;
  return () => {
    if (read !== undefined && performance.now() < untilMs) return read;
    untilMs = performance.now() + freshMs;
    const reading = readCredential(file);
    reading.catch(() => (read = undefined));
    return (read = reading);
  };
}

/**
 * Access from within a pod, by its service account.
 * @throws DiscoveryError BAD_CONFIG outside of one
 */
export function inClusterAccess(
  env: Readonly<Record<string, string | undefined>>,
  directory = serviceAccountDirectory,
): ApiServerAccess {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (!host) {
    const message = 'not in a cluster: KUBERNETES_SERVICE_HOST is not set; a kubeconfig is needed';
    throw new DiscoveryError('BAD_CONFIG', message);
  }
  return tokenAccess({
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tokenFile: join(directory, 'token'),
    caFile: join(directory, 'ca.crt'),
    namespaceFile: join(directory, 'namespace'),
  });
}

/**
 * Access as kubectl finds it: the given kubeconfig, else the files of KUBECONFIG, else `~/.kube/config`, else the pod's
 * service account.
 * @throws DiscoveryError BAD_CONFIG when there is none of them, or the kubeconfig cannot be used
 */
export async function findAccess(options: {
  kubeconfig?: string;
  /** Of the kubeconfig; absent = its current one. */
  context?: string;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<ApiServerAccess> {
  const { kubeconfig, context, env } = options;
  if (kubeconfig) return kubeconfigAccess([kubeconfig], context);
  const files = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 0) return kubeconfigAccess(files, context);
  const ofUser = join(env.HOME ?? homedir(), '.kube', 'config');
  const found = await stat(ofUser).then(
    () => true,
    () => false,
  );
  if (found) return kubeconfigAccess([ofUser], context);
  if (context !== undefined)
    throw new DiscoveryError('BAD_CONFIG', `there is no kubeconfig that could have the context "${context}"`);
  return inClusterAccess(env);
}
