/** What a gRPC client reads of where its xDS server is (gRFC A27), as environment. */
export function bootstrapEnv(nodeId: string, xdsPort: number): { GRPC_XDS_BOOTSTRAP_CONFIG: string } {
  const server = {
    server_uri: `127.0.0.1:${xdsPort}`,
    channel_creds: [{ type: 'insecure' }],
    server_features: ['xds_v3'],
  };
  // grpc-js-xds cannot do without a locality.
  const bootstrap = { xds_servers: [server], node: { id: nodeId, locality: { zone: 'zone-a' } } };
  return { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) };
}
