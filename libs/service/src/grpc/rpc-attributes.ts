import type { Attributes } from '@opentelemetry/api';

/** By OpenTelemetry's conventions for RPC. @param path `/package.Service/Method` */
export function rpcAttributes(path: string): Attributes {
  const [, service = '', method = ''] = path.split('/');
  return { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
}
