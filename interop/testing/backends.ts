import { fileURLToPath } from 'node:url';
import { localCluster } from '@evenly/local-cluster';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    pods: readonly BackendPod[];
  }
}

/** A running echo-backend. Its name is what it answers with. */
export interface BackendPod {
  name: string;
  service: 'be1-srv' | 'be2-srv';
  port: number;
}

const program = fileURLToPath(new URL('../../apps/echo-backend/dist/main.js', import.meta.url));
const replicas = { 'be1-srv': 10, 'be2-srv': 2 };

/** One set of backends for all specs: they never change, only who is told of them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = localCluster();
  const options = ['--port', '0', '--admin-port', '0', '--exit-with-parent'];
  for (const [service, count] of Object.entries(replicas)) {
    const command = ({ name, host }: { name: string; host: string }) => [
      process.execPath,
      program,
      ...['--name', name, '--host', host, ...options],
    ];
    cluster.service(service, { replicas: count, command });
  }
  const running = await cluster.start();
  const pods = running.services.flatMap(({ name, status }) =>
    status.pods.map((pod) => ({ name: pod.name, service: name as BackendPod['service'], port: pod.port! })),
  );
  project.provide('pods', pods);
  return () => running.stop();
}
