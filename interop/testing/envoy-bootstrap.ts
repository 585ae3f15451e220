/**
 * How an Envoy asks for its resources:
 * - `sotw`: all on one aggregated stream, state of the world
 * - `delta`: all on one aggregated stream, incremental
 * - `separate`: each type on streams of its own service, state of the world
 */
export type XdsVariant = 'sotw' | 'delta' | 'separate';

/** The xds-server names this cluster to Envoys with separate streams (`--envoy-xds-cluster`). */
const xdsCluster = 'xds_cluster';

/** Where an Envoy runs. */
export interface Place {
  region?: string;
  zone: string;
  /** The Kubernetes node. */
  node?: string;
}

/** An Envoy's bootstrap: it has nothing of its own but the way to the control plane. */
export function envoyBootstrap(
  variant: XdsVariant,
  xdsPort: number,
  { region, zone, node }: Place = { zone: 'zone-a' },
): object {
  return {
    node: {
      id: `interop-envoy-${variant}`,
      cluster: 'interop',
      locality: { region, zone },
      metadata: { NODE_NAME: node },
    },
    admin: { address: loopback(0) },
    static_resources: {
      clusters: [
        {
          name: xdsCluster,
          type: 'STATIC',
          connect_timeout: '1s',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: {
            cluster_name: xdsCluster,
            endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(xdsPort) } }] }],
          },
        },
      ],
    },
    dynamic_resources:
      variant === 'separate'
        ? { lds_config: overGrpc('GRPC'), cds_config: overGrpc('GRPC') }
        : {
            ads_config: grpcApi(variant === 'delta' ? 'DELTA_GRPC' : 'GRPC'),
            lds_config: { ads: {}, resource_api_version: 'V3' },
            cds_config: { ads: {}, resource_api_version: 'V3' },
          },
  };
}

const loopback = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

const grpcApi = (apiType: 'GRPC' | 'DELTA_GRPC') => ({
  api_type: apiType,
  transport_api_version: 'V3',
  set_node_on_first_message_only: true,
  grpc_services: [{ envoy_grpc: { cluster_name: xdsCluster } }],
});

const overGrpc = (apiType: 'GRPC' | 'DELTA_GRPC') => ({
  api_config_source: grpcApi(apiType),
  resource_api_version: 'V3',
});
