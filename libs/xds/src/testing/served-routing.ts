import { HttpConnectionManager } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import type { MeshConfig } from '@evenly/mesh-config';
import { anonymousNode, type NodeKind } from '../node.ts';
import { ResourceCache } from '../resource-cache.ts';
import { codecs, type ResourceType } from '../resource-type.ts';
import { routingResources } from '../resources/routing.ts';

/** What a client of one kind gets for a config's routing, decoded. */
export function serveRouting(config: MeshConfig, kind: NodeKind = 'grpc', cache = new ResourceCache()) {
  cache.replace('routing', routingResources(config));
  const node = { ...anonymousNode, kind };
  const get = <T extends ResourceType>(type: T, name: string) => {
    const item = cache.get(type, name, node);
    return item && (codecs[type].decode(item.encoded) as ReturnType<(typeof codecs)[T]['decode']>);
  };
  return { get, names: (type: ResourceType) => cache.all(type, node).map(({ name }) => name), cache };
}

/** What is in the listener of a gRPC client's target. */
export const managerOf = (listener: ReturnType<typeof codecs.listener.decode>) =>
  HttpConnectionManager.decode(listener.apiListener!.apiListener!.value);
