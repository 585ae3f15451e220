import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';

interface LabStatus {
  apps: { name: string; ports: Record<string, { port: number }> }[];
}

const main = fileURLToPath(new URL('../../apps/lab/dist/main.js', import.meta.url));

/** The lab as a process of its own, on free ports. */
export async function startLab() {
  const ports = ['--port', '0', '--lab-port', '0', '--xds-port', '0', '--dns-port', '0'];
  const command = [process.execPath, main, 'start', '--output', 'json', ...ports, '--refresh', '500ms'];
  const lab = new ManagedProcess({ name: 'lab', command });
  await lab.listening(['lab'], 45_000);
  const api = `http://127.0.0.1:${lab.addresses.get('lab')!.port}`;
  const status = async () => (await (await fetch(`${api}/status`)).json()) as LabStatus;
  return {
    xdsPort: async () => (await status()).apps.find(({ name }) => name === 'xds-server')!.ports['xds']!.port,
    scale: async (service: string, replicas: number) => {
      const response = await fetch(`${api}/services/${service}/scale`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ replicas }),
      });
      if (!response.ok) throw new Error(`scale: ${response.status} ${await response.text()}`);
    },
    stop: () => lab.stop(30_000),
  };
}
