import { findAccess } from '../kubernetes/access.ts';
import { KubernetesApi } from '../kubernetes/kubernetes-api.ts';
import type { RegisterOptions } from './options.ts';

/** The one client of the API server that all channels of the process share, made when the first of them needs it. */
export class KubernetesClients {
  readonly #options: NonNullable<RegisterOptions['kubernetes']>;
  #api: Promise<KubernetesApi> | undefined;

  constructor(options: RegisterOptions['kubernetes'] = {}) {
    this.#options = options;
  }

  /** @throws DiscoveryError BAD_CONFIG: no kubeconfig and not in a cluster; the next call looks again */
  api(env: Readonly<Record<string, string | undefined>>): Promise<KubernetesApi> {
    this.#api ??= this.#make(env).catch((error: unknown) => {
      this.#api = undefined;
      throw error;
    });
    return this.#api;
  }

  async #make(env: Readonly<Record<string, string | undefined>>): Promise<KubernetesApi> {
    const { access, kubeconfig, ...options } = this.#options;
    const found = access ?? (await findAccess({ env, ...(kubeconfig !== undefined && { kubeconfig }) }));
    return new KubernetesApi(found, { ...options, unref: true });
  }
}
