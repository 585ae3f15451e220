/** The port of pods that have addresses of their own. */
export const podPort = 50051;
export const proxyPort = 8080;

export const region = 'us-central1';
/** The clients' zone. */
export const clientZone = 'us-central1-a';
export const otherZone = 'us-central1-b';

/** A gRPC client's bootstrap file. @param id by which the xDS server tells clients apart */
export const xdsBootstrap = (server: string, id: string): unknown => ({
  xds_servers: [{ server_uri: server, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
  node: { id, cluster: 'lab', metadata: {}, locality: { region, zone: clientZone } },
});

/** What tells kubectl, and our programs, where the API server is. */
export const kubeconfig = (server: string): unknown => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'lab',
  contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
  clusters: [{ name: 'lab', cluster: { server } }],
  users: [{ name: 'lab', user: {} }],
});
