import { hostname } from 'node:os';
import type { ProxyOptions } from '@evenly/gateway-api';
import type { KubernetesApi } from '@evenly/kubernetes';
import type { MeshConfig } from '@evenly/mesh-config';
import type { Runtime } from '@evenly/service';
import type { ServerConfig } from '../config.ts';
import { GatewayApi } from './gateway-api.ts';
import { gatewayMetrics } from './gateway-metrics.ts';

/** @param onConfig told what its objects come to, once all are listed, and again whenever it changed */
export async function followGatewayApi(
  config: ServerConfig,
  api: KubernetesApi,
  onConfig: (next: MeshConfig) => void,
  runtime: Runtime,
): Promise<GatewayApi> {
  const namespace = await api.ownNamespace();
  return new GatewayApi({
    api,
    log: runtime.log,
    metrics: gatewayMetrics(runtime.metrics),
    translator: {
      controllerName: config.gatewayController,
      mesh: config.gatewayMesh,
      proxy: proxyOptions(config),
    },
    lease: { namespace, name: config.gatewayLease },
    // A pod's name is its host name; the number tells processes of one machine apart.
    identity: `${hostname()}_${crypto.randomUUID().slice(0, 8)}`,
    onConfig,
  });
}

function proxyOptions(config: ServerConfig): ProxyOptions {
  return {
    image: config.gatewayProxyImage,
    // The server gives a node of this cluster all listeners of the Gateway, and no others.
    args: (prefix) => [...config.gatewayProxyArgs, `--xds-node-cluster=${prefix.replace(/\/$/, '')}`],
    replicas: config.gatewayProxyReplicas,
    resources: {
      requests: { cpu: '50m', memory: '128Mi' },
      limits: { cpu: '1', memory: config.gatewayProxyMemory },
    },
    serviceType: config.gatewayServiceType,
  };
}
