import { findAccess, KubernetesApi } from '@evenly/discovery';

/**
 * The API server, looked for only when the first source asks for it: a program without Kubernetes sources needs none.
 * Sources share it, so services are watched once each.
 */
export function lazyKubernetes(options: {
  kubeconfig?: string;
  env: Readonly<Record<string, string | undefined>>;
}): () => Promise<KubernetesApi> {
  let api: Promise<KubernetesApi> | undefined;
  return () => {
    api ??= findAccess(options).then((access) => new KubernetesApi(access));
    api.catch(() => (api = undefined)); // looked for again by the next that asks
    return api;
  };
}
