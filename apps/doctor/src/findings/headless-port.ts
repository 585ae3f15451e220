import { serviceLines } from './manifest.ts';
import { evidenceOfClients, seen, type Check } from './finding.ts';
import { serverContainer } from './server-container.ts';

/** A headless Service leads to the pods themselves: nothing translates its port into theirs. */
export const headlessPort: Check = (grpcService) => {
  const { service, ports, clients, workloads } = grpcService;
  const [first] = ports;
  const [workload] = workloads;
  if (!service.isHeadless || first === undefined || workload === undefined) return [];
  const { port } = first.port;
  const ofPods = serverContainer(grpcService, workload)?.port;
  if (ofPods === undefined || ofPods === port) return [];
  const wrong = clients.filter((client) => client.carrier === 'headless-dns' && client.port === String(port));
  if (wrong.length === 0) return [];
  return [
    {
      id: 'headless-port',
      severity: 'error',
      title: `Clients connect to port ${port}, and the pods listen on ${ofPods}.`,
      why:
        'DNS gives the client the addresses of the pods, and it connects to the port that its target names. ' +
        'Without a virtual address nothing translates the port of the Service into that of the pods.',
      evidence: [
        ...evidenceOfClients(wrong),
        seen(`the Service's port ${port} leads to port ${ofPods} of the pods, and it is headless`),
      ],
      advice: [
        {
          text: 'Give the Service the port of the pods, and name that in the clients’ targets.',
          manifest: serviceLines(grpcService, [
            'ports:',
            `  - { name: ${first.port.name || 'grpc'}, port: ${ofPods}, targetPort: ${ofPods}, appProtocol: grpc }`,
          ]),
        },
      ],
    },
  ];
};
