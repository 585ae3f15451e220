import type { Workload } from '../inventory/workload.ts';
import { evidenceOfClients, inferred, seen, type Check, type Evidence } from './finding.ts';

/** Clients have the addresses of pods from DNS: they look again only when a connection ends. */
export const headlessClients: Check = ({ service, clients, ports, workloads, role }) => {
  if (!service.isHeadless || role === 'control-plane') return [];
  const byDns = clients.filter(({ carrier }) => carrier === 'headless-dns');
  if (byDns.length === 0 && clients.length > 0) return [];
  const age = workloads.flatMap(connectionAge);
  const policy =
    byDns.length > 0
      ? evidenceOfClients(byDns)
      : [inferred('no workload that was looked at names the Service')];
  const { namespace, name } = service;
  const { port } = ports[0]!;
  return [
    {
      id: 'headless-clients',
      severity: age.length > 0 || byDns.length === 0 ? 'note' : 'warning',
      title:
        byDns.length === 0
          ? 'Whether the clients of this headless Service balance is not known: none was seen.'
          : age.length > 0
            ? 'Clients learn of new pods when the servers close connections that are old.'
            : 'Clients learn of new pods only when a connection ends.',
      why:
        'DNS has the address of each pod. A gRPC client uses all of them if its service config says round_robin; its ' +
        'default is pick_first, which is one pod. It asks DNS again when a connection ends, so pods that are added ' +
        'idle until then, and after a fast restart a client may know no pod that still lives.',
      evidence: [
        ...policy,
        seen('the Service is headless (clusterIP: None)'),
        ...age,
        ...(byDns.length > 0
          ? [inferred('which policy the clients use is in their code or service config, and is not seen')]
          : []),
      ],
      oneOf: true,
      advice: [
        {
          text: 'Clients on grpc-js: follow the Kubernetes API, or SRV records, with @evenly/discovery.',
          manifest:
            `k8s:///${name}.${namespace}:${port.name || port.port}\n` +
            `dns+srv:///_${port.name || 'grpc'}._tcp.${name}.${namespace}.svc.cluster.local`,
        },
        {
          text: 'Clients in any language: xDS, by the xds-server (k8s/overlays/discover).',
          manifest: `xds:///${name}.${namespace}:${port.port}`,
        },
        {
          text:
            'With gRPC alone: round_robin in each client’s service config, and a maximum connection age on the servers ' +
            '(grpc.max_connection_age_ms), with grace for the calls that are under way.',
          manifest: '{"loadBalancingConfig":[{"round_robin":{}}]}',
        },
      ],
    },
  ];
};

/** By the names that people give the setting: gRPC has no variable for it. */
function connectionAge({ kind, name, pods }: Workload): Evidence[] {
  return pods.containers
    .flatMap(({ texts }) => texts)
    .flatMap(({ at, value }) => {
      const text = at.startsWith('env ') ? `${at}=${value}` : value;
      // No more of a text than this word: beside it there may be a password.
      const [word] = /(?:^env )?\S*max[-_]?connection[-_]?age\S*/i.exec(text) ?? [];
      if (word === undefined || /age[-_]?grace/i.test(word)) return [];
      return inferred(
        `${kind.toLowerCase()}/${name} has ${word}, which by its name limits the age of connections`,
      );
    });
}
