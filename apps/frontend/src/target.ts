import { FrontendError } from './errors.ts';

// The first label is a Service's name (DNS-1035: begins with a letter, which also keeps IP addresses out); the others
// are namespaces and domains (DNS-1123: may begin with a digit).
const firstLabel = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const furtherLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const port = /^[1-9]\d{0,4}$/;

function isServiceName(text: string): boolean {
  const [first = '', ...further] = text.split('.');
  return text.length <= 253 && firstLabel.test(first) && further.every((label) => furtherLabel.test(label));
}

/** By xDS a port is part of the name, and leads nowhere but to what the xDS server has; by DNS it would be any port of any host. */
const takesPort = (template: string) => template.startsWith('xds:') && template.endsWith('{service}');

/**
 * From a service's name to the gRPC target to call.
 * @param template a target in which `{service}` stands for the name
 * @param allowed the only names to take; empty = any valid one
 * @throws FrontendError UNKNOWN_SERVICE
 */
export function targetOf(service: string, template: string, allowed: readonly string[]): string {
  const [name = '', ...ports] = service.split(':');
  const isPort = ports.length === 0 || (ports.length === 1 && takesPort(template) && port.test(ports[0]!));
  if (!isServiceName(name) || !isPort) {
    throw new FrontendError(
      'UNKNOWN_SERVICE',
      `unknown service: expected a name such as be1-srv or be1-srv.ns (lower case, digits, -), got ${JSON.stringify(service.slice(0, 80))}`,
    );
  }
  if (allowed.length > 0 && !allowed.includes(service)) {
    throw new FrontendError('UNKNOWN_SERVICE', `unknown service ${service}; known are ${allowed.join(', ')}`);
  }
  return template.replaceAll('{service}', service);
}
