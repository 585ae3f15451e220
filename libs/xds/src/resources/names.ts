/**
 * The names of resources. A gRPC client asks for the listener by the authority in its target: `xds:///be1-srv`. Clusters
 * and their endpoints share a name. Service names hold no "/", so none of these can meet another's.
 */
export const listenerName = (authority: string): string => authority;
export const routeName = (authority: string): string => `${authority}-route`;
export const virtualHostName = (authority: string): string => `${authority}-vs`;
export const socketRouteName = (listener: string): string => `listener/${listener}-route`;

export const clusterName = (service: string, subset?: string): string =>
  subset === undefined ? `${service}-cluster` : `${service}/${subset}-cluster`;

/** A cluster that never has endpoints, for shares of calls that are refused: every client ends these with UNAVAILABLE. */
export const refusedClusterName = 'evenly/refused';

/** What our own proxy listens with when the config has no listeners: it has no address, the proxy's options say where. */
export const defaultListenerName = 'evenly/default';
/** Where a cluster's metadata has what is meant for our own proxy. */
export const proxyMetadataKey = 'evenly.l7-proxy';
