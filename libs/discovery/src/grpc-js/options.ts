import type { BackoffOptions } from '@evenly/endpoints';
import type { ApiServerAccess } from '@evenly/kubernetes';

/** How the schemes look for endpoints, and what the policies know of where they run. */
export interface RegisterOptions {
  dns?: {
    /** DNS servers, such as `10.96.0.10` or `127.0.0.1:5353`; default: the machine's. A target may name one as well. */
    servers?: readonly string[];
    /** The longest time between two look-ups; default 10 s. Records with a shorter TTL are looked up when that ends. */
    refreshMs?: number;
    /** The shortest time between two look-ups, even when a connection failed; default 1 s. */
    minRefreshMs?: number;
    /** For one attempt of a query; default 2 s. */
    timeoutMs?: number;
  };
  kubernetes?: {
    /** Default: as kubectl finds it (KUBECONFIG, `~/.kube/config`), else the pod's service account. */
    access?: ApiServerAccess;
    /** A file; goes before KUBECONFIG. */
    kubeconfig?: string;
    /** How long a list, or the start of a watch, may take; default 30 s. */
    requestTimeoutMs?: number;
    /** Waits after failures; default at first up to 200 ms, at most 30 s. */
    backoff?: BackoffOptions;
  };
  file?: {
    /** How often files are read where they cannot be watched; default 5 s. */
    pollMs?: number;
  };
  /**
   * A source says that there are no endpoints any more: those that were ready to the last are kept for so long, default
   * 10 s; 0 = not at all. A file is taken at its word.
   */
  emptyGraceMs?: number;
  /** Where this process runs, for policies with a `zonePreference`. Default: not known, and all zones are alike. */
  region?: string;
  zone?: string;
  /** The Kubernetes node, for topology hints. Default: `NODE_NAME` of the environment. */
  node?: string;
  /** Told what is wrong but not fatal, once. Default: grpc-js' log, as an error. */
  onWarning?: (message: string) => void;
}
