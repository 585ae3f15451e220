import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';
import { interopDirectory } from './clients.ts';

const proxyProgram = fileURLToPath(new URL('../../apps/l7-proxy/dist/main.js', import.meta.url));
const startTimeoutMs = 20_000;

/** A gRPC server that says its port in its first line and ends with its stdin, and an l7-proxy in front of it. */
export interface SlowServer {
  /** Of the proxy. */
  target: string;
  /** Of calls that ended, by gRPC status, as the proxy counts them. */
  counted: () => Promise<Record<string, number>>;
  stop: () => Promise<void>;
}

/** @param policy of the service, as YAML */
export async function startSlowServer(command: readonly string[], policy: string): Promise<SlowServer> {
  const [file = '', ...args] = command;
  const server = spawn(file, args, { cwd: interopDirectory, stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
  const directory = await mkdtemp(join(tmpdir(), 'evenly-interop-'));
  const config = join(directory, 'mesh.yaml');
  const source = `{ static: { endpoints: ['127.0.0.1:${line}'] } }`;
  await writeFile(
    config,
    `services: { slow: { source: ${source}, policy: ${policy} } }\nroutes: [{ name: all, to: [{ service: slow }] }]\n`,
  );
  const own = ['--config', config, '--host', '127.0.0.1', '--port', '0', '--exit-with-parent'];
  const admin = ['--admin-host', '127.0.0.1', '--admin-port', '0'];
  const proxy = new ManagedProcess({
    name: 'l7-proxy',
    command: [process.execPath, proxyProgram, ...own, ...admin],
  });
  await proxy.listening(['proxy', 'admin'], startTimeoutMs);
  const port = (what: string) => proxy.addresses.get(what)!.port;
  return {
    target: `127.0.0.1:${port('proxy')}`,
    counted: async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${port('admin')}/metrics`)).text();
      const lines = metrics.matchAll(/^evenly_proxy_calls_total\{route="all",code="(\w+)"\} ([1-9]\d*)$/gm);
      return Object.fromEntries([...lines].map(([, code = '', count]) => [code, Number(count)]));
    },
    stop: async () => {
      await proxy.stop(5000);
      server.stdin.end();
      await once(server, 'exit');
      await rm(directory, { recursive: true });
    },
  };
}
