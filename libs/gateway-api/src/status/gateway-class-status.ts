import type { GatewayClass } from '../objects/gateway-class.ts';
import { conditionOf, type Refusal } from './condition.ts';
import type { GatewayClassStatus } from './object-status.ts';
import { supportedFeatures } from './supported-features.ts';

/** Why no Gateway of the class is served. */
export function classRefusal({ fault, parametersRef }: GatewayClass): Refusal | undefined {
  if (fault !== undefined) return { reason: 'Unsupported', message: fault };
  if (parametersRef === undefined) return undefined;
  const { kind, name } = parametersRef;
  return { reason: 'InvalidParameters', message: `no parameters are known, neither ${kind} ${name}` };
}

export function gatewayClassStatus(gatewayClass: GatewayClass): GatewayClassStatus {
  const { generation } = gatewayClass.meta;
  const conditions = [conditionOf('Accepted', classRefusal(gatewayClass), generation)];
  return { conditions, supportedFeatures: supportedFeatures.map((name) => ({ name })) };
}
