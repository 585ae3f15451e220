import { ApiVersion, type ConfigSource } from '@evenly/proto/envoy/config/core/v3/config_source';
import { ApiConfigSource, ApiConfigSource_ApiType } from '@evenly/proto/envoy/config/core/v3/config_source';
import { GrpcService, GrpcService_EnvoyGrpc } from '@evenly/proto/envoy/config/core/v3/grpc_service';
import type { NodeKind } from '../node.ts';
import { message } from './message.ts';

/**
 * Where a client gets what a resource refers to. On an aggregated stream: from that stream; gRPC clients take nothing
 * else. An Envoy with separate streams must be told the cluster of its bootstrap that leads here; it knows no "self".
 */
export function configSource(kind: NodeKind, envoyXdsCluster: string): ConfigSource {
  const specifier: ConfigSource['configSourceSpecifier'] =
    kind === 'envoy-separate'
      ? { $case: 'apiConfigSource', value: grpcSource(envoyXdsCluster) }
      : { $case: 'ads', value: {} };
  return { authorities: [], configSourceSpecifier: specifier, resourceApiVersion: ApiVersion.V3 };
}

function grpcSource(clusterName: string): ApiConfigSource {
  const envoyGrpc = message(GrpcService_EnvoyGrpc, { clusterName });
  return message(ApiConfigSource, {
    apiType: ApiConfigSource_ApiType.GRPC,
    transportApiVersion: ApiVersion.V3,
    grpcServices: [message(GrpcService, { targetSpecifier: { $case: 'envoyGrpc', value: envoyGrpc } })],
    setNodeOnFirstMessageOnly: true,
  });
}
