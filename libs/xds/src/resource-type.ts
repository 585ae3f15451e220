import { Cluster } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';

/** The four resource types that are served, by the names that the field uses. */
export type ResourceType = 'cluster' | 'endpoints' | 'listener' | 'route';

/**
 * The order in which changes are sent on an aggregated stream: a cluster before what routes to it, so that no client
 * follows a route to a cluster that it does not know yet ("make before break" in the xDS protocol).
 */
export const sendOrder: readonly ResourceType[] = ['cluster', 'endpoints', 'listener', 'route'];

const prefix = 'type.googleapis.com/';

const typeUrls: Readonly<Record<ResourceType, string>> = {
  cluster: `${prefix}envoy.config.cluster.v3.Cluster`,
  endpoints: `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  listener: `${prefix}envoy.config.listener.v3.Listener`,
  route: `${prefix}envoy.config.route.v3.RouteConfiguration`,
};

const byUrl = new Map(Object.entries(typeUrls).map(([type, url]) => [url, type as ResourceType]));

export const typeUrlOf = (type: ResourceType): string => typeUrls[type];
export const typeOfUrl = (url: string): ResourceType | undefined => byUrl.get(url);

/** How each type is written in protobuf. */
export const codecs = {
  cluster: Cluster,
  endpoints: ClusterLoadAssignment,
  listener: Listener,
  route: RouteConfiguration,
};

/**
 * Listeners and clusters are sent as the whole set that a client asked for: one that is left out is gone. Routes and
 * endpoints are sent each on its own, and go with the listener or cluster that named them.
 */
export const isWholeSet = (type: ResourceType): boolean => type === 'listener' || type === 'cluster';
