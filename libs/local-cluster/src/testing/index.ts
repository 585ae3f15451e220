import { fileURLToPath } from 'node:url';

export { eventually, isAlive } from './wait.ts';

const podFile = fileURLToPath(new URL('pod.mjs', import.meta.url));

/** The command of a test pod; see pod.mjs for the faults. */
export const podCommand =
  (fault = '') =>
  ({ name, host, port = 0 }: { name: string; host: string; port?: number }): string[] => [
    process.execPath,
    podFile,
    ...['--name', name, '--host', host, '--port', String(port), '--fault', fault],
  ];
