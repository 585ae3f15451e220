import type { ProxyOptions } from './infrastructure/proxy-options.ts';

export interface TranslatorOptions {
  /** Which GatewayClasses are ours, such as `evenly.example.org/gateway`. */
  controllerName: string;
  /** How the proxies of Gateways run. */
  proxy: ProxyOptions;
}
