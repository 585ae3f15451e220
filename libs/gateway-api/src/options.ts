import type { ProxyOptions } from './infrastructure/proxy-options.ts';

export interface TranslatorOptions {
  /** Which GatewayClasses are ours, such as `evenly.example.org/gateway`. */
  controllerName: string;
  /** GRPCRoutes may have Services as parents. No other implementation of the API in the cluster should do that too. */
  mesh: boolean;
  /** How the proxies of Gateways run. */
  proxy: ProxyOptions;
}
