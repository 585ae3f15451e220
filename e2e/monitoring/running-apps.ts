import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    apps: readonly AppOutput[];
  }
}

/** What an app that runs as in production tells. */
export interface AppOutput {
  app: string;
  /** The text of `/metrics`. */
  metrics: string;
  /** All that it wrote, line by line. */
  log: readonly string[];
}

const startTimeoutMs = 30_000;

/** Starts every app, lets calls go through all of them, and hands on what they told. */
export default async function setup(project: TestProject): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'evenly-monitoring-'));
  const programs = new Map<string, ManagedProcess>();
  const start = async (name: string, app: string, listens: string, ...args: string[]) => {
    const main = fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));
    const common = ['--admin-port=0', '--log-format=json', '--exit-with-parent'];
    // Standard output of the echo-client is not its log, but what it is there to show.
    const onLine = () => app === 'echo-client';
    const program = new ManagedProcess({
      name,
      command: [process.execPath, main, ...common, ...args],
      onLine,
    });
    programs.set(name, program);
    await program.listening(['admin', listens], startTimeoutMs);
    return `127.0.0.1:${program.addresses.get(listens)!.port}`;
  };
  const metricsOf = async (name: string) =>
    (await fetch(`http://127.0.0.1:${programs.get(name)!.addresses.get('admin')!.port}/metrics`)).text();
  try {
    const listen = ['--port=0', '--host=127.0.0.1'];
    const backend = await start('echo-backend', 'echo-backend', 'grpc', ...listen);
    const config = join(directory, 'mesh.yaml');
    const source = `source: { static: { endpoints: ['${backend}'] } }`;
    await writeFile(config, `services: { shop: { ${source} } }\nroutes: [{ to: [{ service: shop }] }]\n`);
    const xds = await start('xds-server', 'xds-server', 'xds', `--config=${config}`, ...listen);
    const more = [`--access-log=${join(directory, 'access.log')}`, '--workers=2'];
    const proxy = await start('l7-proxy', 'l7-proxy', 'proxy', `--config=${config}`, ...listen, ...more);
    await start('l7-proxy by xDS', 'l7-proxy', 'proxy', `--xds-server=${xds}`, ...listen);
    const calls = [`--target=${proxy}`, '--mode=rate', '--rate=20'];
    await start('echo-client', 'echo-client', 'admin', ...calls);
    const frontend = await start('frontend', 'frontend', 'http', `--target=ipv4:${proxy}`, ...listen);

    await until('a call by the frontend', async () => (await fetch(`http://${frontend}/shop`)).ok);
    await until('a call by the echo-client', async () =>
      /grpc_client_handled_total\{[^}]*grpc_code="OK"/.test(await metricsOf('echo-client')),
    );
    const apps: AppOutput[] = [];
    for (const [app, { log }] of programs)
      apps.push({
        app,
        metrics: await metricsOf(app),
        log: log.lines,
      });
    project.provide('apps', apps);
  } finally {
    await Promise.all([...programs.values()].map((program) => program.stop(2000)));
    await rm(directory, { recursive: true });
  }
}

/** @param what for the error, when it does not come */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + startTimeoutMs;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > endMs) throw new Error(`not within ${startTimeoutMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
