import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { evenlyAsInPod } from './as-in-pod.mjs';

/** A control plane that follows the Services of the cluster: its process, where clients find it, and `stop`. */
export const servers = {
  evenly: evenlyAsInPod,
  /** The istiod that is installed in the cluster, on this machine; nothing of it runs but while it is measured. */
  istiod: async ({ kubeconfig }) => {
    const kubectl = (...args) =>
      execFileSync('kubectl', ['--kubeconfig', kubeconfig, '-n', 'istio-system', ...args], {
        encoding: 'utf8',
      });
    kubectl('scale', 'deployment/istiod', '--replicas=1');
    kubectl('rollout', 'status', 'deployment/istiod', '--timeout=180s');
    const ip = kubectl('get', 'pods', '-l', 'app=istiod', '-o', 'jsonpath={.items[0].status.podIP}');
    return { pid: istiodPid(), address: `${ip}:15010`, stop: () => stopIstiod(kubeconfig) };
  },
};

export const serverNames = { evenly: 'Evenly xds-server', istiod: 'istiod' };

/** Also before anything else is measured: an idle one follows the same objects, on the same cores. */
export async function stopIstiod(kubeconfig) {
  const args = [
    '--kubeconfig',
    kubeconfig,
    '-n',
    'istio-system',
    'scale',
    'deployment/istiod',
    '--replicas=0',
  ];
  try {
    execFileSync('kubectl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (error instanceof Error && error.message.includes('not found')) return; // this cluster has none
    throw error;
  }
  while (istiodPid() !== undefined) await sleep(200);
}

function istiodPid() {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const [program = '', command] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (program.endsWith('pilot-discovery') && command === 'discovery') return Number(pid);
    } catch {
      // it has just ended
    }
  }
  return undefined;
}
