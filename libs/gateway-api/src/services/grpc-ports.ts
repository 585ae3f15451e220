import type { ServicePort } from '../objects/service.ts';

/** By its `appProtocol` (KEP-3726, or what people write), else by its name, as service meshes have it: `grpc`, `grpc-shop`. */
export function speaksGrpc({ appProtocol, name }: ServicePort): boolean {
  if (appProtocol !== undefined) return ['kubernetes.io/h2c', 'grpc'].includes(appProtocol.toLowerCase());
  return /^grpc(-|$)/.test(name) && !/^grpc-web(-|$)/.test(name);
}

/** Those that speak gRPC; the first is the one that is meant where none is named. Where none says so all of TCP may. */
export function grpcPorts(ports: readonly ServicePort[]): readonly ServicePort[] {
  const tcp = ports.filter(({ protocol }) => protocol === 'TCP');
  const saying = tcp.filter(speaksGrpc);
  return saying.length > 0 ? saying : tcp;
}
