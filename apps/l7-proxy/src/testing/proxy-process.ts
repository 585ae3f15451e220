import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProxyStatus } from '../admin/status.ts';

export interface ProxyProcess extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  address: string;
  port: number;
  status(): Promise<ProxyStatus>;
  metrics(): Promise<string>;
  /** The status of its response, of a connection of its own. */
  healthz(): Promise<number>;
  /** Replaces the config file. */
  write(config: string): Promise<void>;
  /** How many configs have been put to work. */
  readonly applied: number;
  /** Of the process, now; undefined where there is no /proc. */
  rssBytes(): Promise<number | undefined>;
  /** Objects and buffers in use; of a process that was started with `measuredHeap`. */
  heldBytes(): Promise<number>;
}

/**
 * The proxy as it is run: built, and a process of its own.
 * @param nodeFlags such as the size of V8's heap
 * @param openFiles as `ulimit -n` sets it
 */
export async function startProxyProcess(
  config: string,
  flags: readonly string[] = [],
  nodeFlags: readonly string[] = [],
  openFiles?: number,
): Promise<ProxyProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'l7-proxy-'));
  const file = join(directory, 'mesh.yaml');
  await writeFile(file, config);
  const main = new URL('../../dist/main.js', import.meta.url).pathname;
  const own = ['--config', file, '--host', '127.0.0.1', '--port', '0', '--exit-with-parent'];
  const admin = ['--admin-host', '127.0.0.1', '--admin-port', '0'];
  const limited = openFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`];
  const command = [...limited, process.execPath, ...nodeFlags, main, ...own, ...admin, ...flags];
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ports = new Map<string, number>();
  let applied = 0;
  const held: ((bytes: number) => void)[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the proxy ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, what, port, msg, bytes } = JSON.parse(line) as LogLine;
      if (event === 'listening') ports.set(what, port);
      if (event === 'held') held.shift()?.(bytes);
      if (msg === 'config applied') applied++;
      if (ports.size === 2) resolve();
    });
  });
  const port = ports.get('proxy')!;
  const ask = (path: string) => fetch(`http://127.0.0.1:${ports.get('admin')}${path}`);
  return {
    address: `127.0.0.1:${port}`,
    port,
    status: async () => (await (await ask('/status')).json()) as ProxyStatus,
    write: (text) => replaceFile(file, text),
    get applied() {
      return applied;
    },
    metrics: async () => (await ask('/metrics')).text(),
    healthz: async () => {
      const own = { headers: { connection: 'close' } };
      return (await fetch(`http://127.0.0.1:${ports.get('admin')}/healthz`, own)).status;
    },
    rssBytes: async () => {
      const text = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(text) ?? [];
      return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
    },
    heldBytes: () =>
      new Promise((resolve) => {
        held.push(resolve);
        child.kill('SIGUSR2');
      }),
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true });
    },
  };
}

interface LogLine {
  event?: string;
  what: string;
  port: number;
  msg?: string;
  bytes: number;
}

/** In one step, so that nobody reads half of it. */
async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
