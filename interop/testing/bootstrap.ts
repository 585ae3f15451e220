/** What a gRPC client reads of where its xDS server is (gRFC A27), as environment. */
export function bootstrapEnv(
  nodeId: string,
  xdsPort: number,
  locality: { region?: string; zone: string } = { zone: 'zone-a' }, // grpc-js-xds cannot do without one
  machine?: string,
  namespace?: string,
): { GRPC_XDS_BOOTSTRAP_CONFIG: string } {
  const server = {
    server_uri: `127.0.0.1:${xdsPort}`,
    channel_creds: [{ type: 'insecure' }],
    server_features: ['xds_v3'],
  };
  const bootstrap = {
    xds_servers: [server],
    node: { id: nodeId, locality, metadata: { NODE_NAME: machine, NAMESPACE: namespace } },
  };
  return { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) };
}
