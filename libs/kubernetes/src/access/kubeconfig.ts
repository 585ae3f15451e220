import type { RequestOptions } from 'node:https';
import { DiscoveryError } from '@evenly/endpoints';
import type { ApiServerAccess } from './api-server-access.ts';

/**
 * Access by kubeconfig files, merged as kubectl does it: certificates, tokens, exec plugins, OIDC, proxies.
 * The files are read once; an exec plugin is run again when its token expires.
 * @throws DiscoveryError BAD_CONFIG
 */
export async function kubeconfigAccess(files: readonly string[]): Promise<ApiServerAccess> {
  // Loaded only where it is used: it costs 80 MB and half a second (docs/decisions/0005-list-and-watch-of-our-own.md).
  const { KubeConfig } = await import('@kubernetes/client-node');
  const badConfig = (cause: unknown) => {
    const message = `cannot use kubeconfig ${files.join(', ')}: ${(cause as Error).message}`;
    return new DiscoveryError('BAD_CONFIG', message, { cause });
  };
  const merged = new KubeConfig();
  try {
    for (const file of files) {
      const config = new KubeConfig();
      config.loadFromFile(file);
      merged.mergeConfig(config, merged.currentContext !== undefined);
    }
  } catch (cause) {
    throw badConfig(cause);
  }
  const cluster = merged.getCurrentCluster();
  if (cluster === null) throw badConfig(new Error('it has no current context with a cluster'));
  // client-node refuses http:// unless certificates are not checked. There are none: it is `kubectl proxy` or a test.
  const checked = cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster;
  merged.clusters = merged.clusters.map((each) => (each.name === cluster.name ? checked : each));
  return {
    server: cluster.server,
    namespace: async () => merged.getContextObject(merged.currentContext)?.namespace ?? 'default',
    requestOptions: async () => {
      const options: RequestOptions = { headers: {} };
      try {
        await merged.applyToHTTPSOptions(options);
      } catch (cause) {
        throw badConfig(cause);
      }
      return options;
    },
  };
}
