import { SaidOnce } from '@evenly/endpoints';
import type { Runtime } from '@evenly/service';
import { isServerListener, type NodeInfo, type ResourceCache } from '@evenly/xds';

/** Warns of gRPC servers that ask how to serve and get no answer: they would be NOT_SERVING, and nobody would know why. */
export function sayOfUnknownServers(cache: ResourceCache, log: Runtime['log']) {
  const said = new SaidOnce();
  return (node: NodeInfo, names: readonly string[]) => {
    if (cache.isPartial) return; // its service may still come
    for (const name of names.filter(isServerListener)) {
      if (cache.get('listener', name, node) !== undefined || !said.isNew(node.id, name)) continue;
      log.warn(
        { node: node.id, service: node.cluster, listener: name },
        'a gRPC server stays NOT_SERVING: the cluster of its node is no service of the config, or it listens at no address; ' +
          'give its bootstrap the service as --app',
      );
    }
  };
}
