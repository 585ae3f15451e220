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
