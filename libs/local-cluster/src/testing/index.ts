import { fileURLToPath } from 'node:url';

const podFile = fileURLToPath(new URL('pod.mjs', import.meta.url));

/** The command of a test pod; see pod.mjs for the faults. */
export const podCommand =
  (fault = '') =>
  ({ name, host, port = 0 }: { name: string; host: string; port?: number }): string[] => [
    process.execPath,
    podFile,
    ...['--name', name, '--host', host, '--port', String(port), '--fault', fault],
  ];

/** Tries until it holds (or throws what it threw last), for states that no event announces. */
export async function eventually<T>(attempt: () => T | Promise<T>, deadlineMs = 15_000): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** True while a process of that id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
