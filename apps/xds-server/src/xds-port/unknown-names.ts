import { SaidOnce } from '@evenly/endpoints';
import type { Runtime } from '@evenly/service';
import { isServerListener, type NodeInfo, type ResourceCache } from '@evenly/xds';

/**
 * Says which names clients ask for that nothing has: their calls fail, mostly by another port or a missing namespace. gRPC servers
 * would be NOT_SERVING, and nobody would know why.
 */
export function sayOfUnknownNames(cache: ResourceCache, log: Runtime['log']) {
  const said = new SaidOnce();
  return (node: NodeInfo, names: readonly string[]) => {
    if (cache.isPartial) return; // what has this name may still come
    for (const name of names) {
      if (name === '*' || cache.get('listener', name, node) !== undefined) continue;
      if (isServerListener(name)) sayOfServer(node, name);
      else if (said.isNew('', `${name} of ${node.namespace}`))
        log.warn(
          { listener: name, node: node.id, namespace: node.namespace },
          'a client asks for a name that nothing has; its calls fail until something does: look at the port and the namespace, ' +
            'and whether the port of the Service speaks gRPC',
        );
    }
  };

  function sayOfServer(node: NodeInfo, name: string): void {
    if (!said.isNew(node.id, name)) return;
    log.warn(
      { node: node.id, service: node.cluster, listener: name },
      'a gRPC server stays NOT_SERVING: the cluster of its node is no service of the config, or it listens at no address; ' +
        'give its bootstrap the service as --app',
    );
  }
}
