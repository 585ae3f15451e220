import { serviceLines } from './manifest.ts';
import { inferred, seen, type Check } from './finding.ts';

/** Meshes, Gateways and `xds-server --discover` know what a port speaks by its appProtocol or name. */
export const portSaysGrpc: Check = (service) =>
  service.ports
    .filter(({ saysSo }) => !saysSo)
    .map(({ port, evidence }) => ({
      id: 'port-says-no-grpc',
      severity: 'warning',
      title: `Port ${port.port} does not say that it speaks gRPC.`,
      why:
        'Service meshes, Gateways and the xds-server go by the appProtocol of a port, or by its name. Without either, ' +
        'a mesh may balance connections instead of calls, and xds-server --discover does not serve the Service.',
      evidence: [
        seen(
          `name ${port.name === '' ? '(none)' : JSON.stringify(port.name)}, appProtocol ${port.appProtocol ?? '(none)'}`,
        ),
        ...evidence.map(inferred),
      ],
      advice: [
        {
          text: 'Say so:',
          manifest: serviceLines(service, [
            'ports:',
            `  - { name: ${/^grpc(-|$)/.test(port.name) ? port.name : 'grpc'}, port: ${port.port}, targetPort: ${service.service.targetPorts.get(port.port) ?? port.port}, appProtocol: grpc }`,
          ]),
        },
      ],
    }));
