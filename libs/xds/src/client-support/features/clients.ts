/** Clients by gRPC's own libraries. */
export const grpc = ['grpc-js', 'grpc-go', 'grpc-core', 'grpc-java'] as const;
/** All but our own proxy. */
export const foreign = [...grpc, 'envoy'] as const;
export const everybody = [...foreign, 'proxy'] as const;
