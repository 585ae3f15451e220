import type { RequestOptions } from 'node:https';

/** Where an API server is, and how to be known to it. */
export interface ApiServerAccess {
  /** The server's URL, as it was when `requestOptions` was asked last. */
  readonly server: string;
  /**
   * What a request needs: headers, certificates, agent. Asked for each request, so that what rotates is not stale for more
   * than a second.
   * @throws DiscoveryError BAD_CONFIG
   */
  requestOptions(): Promise<RequestOptions>;
  /**
   * Where services are that are named without a namespace: the pod's own, or that of the kubeconfig's context. Absent:
   * `default`.
   * @throws DiscoveryError BAD_CONFIG
   */
  namespace?(): Promise<string>;
}
