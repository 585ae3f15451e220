import { serviceLines, flowMap } from './manifest.ts';
import { evidenceOfClients, inferred, seen, type Advice, type Check } from './finding.ts';
import type { GrpcService } from '../balancing/grpc-service.ts';

/** Clients go by the Service's virtual address: each has one connection, so one pod, and pods that come later idle. */
export const oneConnection: Check = (service) => {
  const { clients, role } = service;
  const { isHeadless, discoverable } = service.service;
  // A control plane holds a stream for each client: there are no calls to give out.
  if (isHeadless || role === 'control-plane' || discoverable.externalName !== undefined) return [];
  const pinned = clients.filter(({ balances }) => balances === 'connections');
  const address = seen('the Service has a virtual address (it is not headless)');
  if (pinned.length > 0)
    return [
      {
        id: 'one-connection',
        // A word that happens to be the Service's name is no proof of a call.
        severity: pinned.some(({ certainty }) => certainty === 'seen') ? 'error' : 'warning',
        title: 'Each client sends all its calls to one pod.',
        why:
          'A gRPC client keeps one HTTP/2 connection, and the node picks a pod once, for the connection. ' +
          'Load is uneven, and pods that are added get no calls until clients connect again.',
        evidence: [...evidenceOfClients(pinned), address],
        advice: cures(service),
        oneOf: true,
      },
    ];
  if (clients.length > 0) return [];
  return [
    {
      id: 'one-connection',
      severity: 'warning',
      title: 'Clients that call this Service by its name send all their calls to one pod each.',
      why:
        'No client was seen, so who calls it and how is not known. Whoever uses the name without a service mesh, ' +
        'a proxy or xDS keeps one connection, and with it one pod.',
      evidence: [address, inferred('no workload that was looked at names the Service')],
      advice: cures(service),
      oneOf: true,
    },
  ];
};

/** By kind of client, the least work first. */
export function cures(service: GrpcService): Advice[] {
  const { namespace, name, selector } = service.service;
  const port = service.ports[0]!.port;
  const target = service.service.targetPorts.get(port.port) ?? port.port;
  const portName = port.name || 'grpc';
  return [
    {
      text: 'Clients on grpc-js: balance in the client, with @evenly/discovery. The Service stays as it is.',
      manifest:
        "// once, at the start of the program: import '@evenly/discovery/grpc-js';\n" +
        `new Client('k8s:///${name}.${namespace}:${port.name || port.port}', credentials)`,
    },
    {
      text:
        'Clients in any language, unchanged but for their target: xDS. Install the xds-server ' +
        '(k8s/overlays/discover), give each client a bootstrap, and use this target:',
      manifest: `xds:///${name}.${namespace}:${port.port}`,
    },
    {
      text: 'Clients that you cannot change: send them through the l7-proxy, or a Gateway, with a route to the Service:',
      manifest: [
        'apiVersion: gateway.networking.k8s.io/v1',
        'kind: GRPCRoute',
        `metadata: { name: ${name}, namespace: ${namespace} }`,
        'spec:',
        '  parentRefs: [{ name: YOUR-GATEWAY }]',
        `  rules: [{ backendRefs: [{ name: ${name}, port: ${port.port} }] }]`,
      ].join('\n'),
    },
    {
      text:
        'With gRPC alone: a second, headless Service (clusterIP cannot be changed), dns:/// as the scheme, round_robin ' +
        'in the client’s service config, and a maximum connection age on the servers, so that clients look again:',
      manifest: `${serviceLines(
        service,
        [
          'clusterIP: None',
          `selector: ${flowMap(selector)}`,
          'ports:',
          `  - { name: ${portName}, port: ${typeof target === 'number' ? target : port.port}, targetPort: ${target}, appProtocol: grpc }`,
        ],
        `${name}-headless`,
      )}\n# the client's service config: {"loadBalancingConfig":[{"round_robin":{}}]}`,
    },
  ];
}
