import { hostname } from 'node:os';
import type { ProxyOptions } from '@evenly/gateway-api';
import type { KubernetesApi } from '@evenly/kubernetes';
import type { Runtime } from '@evenly/service';
import type { ServerConfig } from '../config.ts';
import type { ConfigParts } from '../mesh/config-parts.ts';
import { GatewayApi } from './gateway-api.ts';
import { gatewayMetrics } from './gateway-metrics.ts';

/**
 * Brings the Gateway API to work, and returns when its config is there: a proxy that came before would be told that it has
 * nothing to listen on. Until then `/readyz` says what is missing.
 */
export async function followGatewayApi(
  config: ServerConfig,
  api: KubernetesApi,
  parts: ConfigParts,
  runtime: Runtime,
): Promise<void> {
  const namespace = await api.ownNamespace();
  const gate = runtime.readiness.gate('gateway-api', () => gatewayApi.waiting.join('; '));
  let gatewayApi!: GatewayApi;
  await new Promise<void>((resolve) => {
    gatewayApi = new GatewayApi({
      api,
      log: runtime.log,
      metrics: gatewayMetrics(runtime.metrics),
      translator: {
        controllerName: config.gatewayController,
        mesh: config.gatewayMesh,
        clusterDomain: config.clusterDomain,
        proxy: proxyOptions(config),
      },
      lease: { namespace, name: config.gatewayLease },
      // A pod's name is its host name; the number tells processes of one machine apart.
      identity: `${hostname()}_${crypto.randomUUID().slice(0, 8)}`,
      onConfig: (next) => {
        if (!parts.offer('gateway-api', next)) return;
        gate.pass();
        resolve();
      },
    });
    runtime.onDrain('gateway-api', () => gatewayApi.stop());
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
