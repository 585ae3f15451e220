import { findAccess } from '../access/access.ts';
import type { ApiServerAccess } from '../access/api-server-access.ts';
import { KubernetesApi, type KubernetesApiOptions } from './kubernetes-api.ts';

/**
 * The API server, looked for only when the first source asks for it: a program without Kubernetes sources needs none.
 * Sources share it, so services are watched once each. What failed is looked for again by the next that asks.
 * @param options default access: as kubectl finds it, else the pod's service account
 */
export function lazyKubernetes({
  access,
  kubeconfig,
  env,
  ...options
}: KubernetesApiOptions & {
  access?: ApiServerAccess;
  kubeconfig?: string;
  env: Readonly<Record<string, string | undefined>>;
}): () => Promise<KubernetesApi> {
  const make = async () => {
    const found = access ?? (await findAccess({ env, ...(kubeconfig !== undefined && { kubeconfig }) }));
    return new KubernetesApi(found, options);
  };
  let api: Promise<KubernetesApi> | undefined;
  return () => {
    api ??= make().catch((error: unknown) => {
      api = undefined;
      throw error;
    });
    return api;
  };
}
