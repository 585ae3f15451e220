import { localCluster, type LocalCluster } from '@evenly/local-cluster';
import { fileURLToPath } from 'node:url';

const backend = fileURLToPath(new URL('../../../echo-backend/dist/main.js', import.meta.url));

/** Echo pods as real processes: be1-1, be1-2, … */
export function startCluster(replicas: number): Promise<LocalCluster> {
  return localCluster()
    .service('be1', {
      replicas,
      command: ({ name, host }) => [
        ...[process.execPath, backend, '--exit-with-parent', '--name', name],
        ...['--host', host, '--port', '0', '--admin-host', host, '--admin-port', '0'],
      ],
    })
    .start();
}

/** A target for grpc-js' own ipv4 resolver. */
export function addressesOf(cluster: LocalCluster, ...pods: string[]): string {
  const ports = pods.map((pod) => cluster.pod(pod).status);
  return `ipv4:${ports.map(({ address, port }) => `${address}:${port}`).join(',')}`;
}
