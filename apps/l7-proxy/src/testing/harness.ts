import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readiness, readOptions, type AdminResponse, type Runtime } from '@evenly/service';
import { Registry } from 'prom-client';
import type { ProxyStatus } from '../admin/status.ts';
import { l7Proxy } from '../program.ts';

export interface RunningProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT` of the first listener. */
  address: string;
  port: number;
  /** By the name of the listener. */
  ports: ReadonlyMap<string, number>;
  log: { level: string; fields: Record<string, unknown>; message: string }[];
  metrics: Registry;
  /** What `GET /status` says. */
  status(): ProxyStatus;
  /** Replaces the config file. */
  write(config: string): Promise<void>;
  /** As SIGTERM does; `signal` cuts. */
  drain(signal?: AbortSignal): Promise<void>;
}

/** The proxy's program in this process, with a config file of its own and any free port. */
export async function startProxy(config: string, flags: readonly string[] = []): Promise<RunningProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'l7-proxy-'));
  const file = join(directory, 'mesh.yaml');
  await writeFile(file, config);
  const proxy = await startProxyWith(['--config', file, ...flags]);
  return {
    ...proxy,
    write: (text) => writeFile(file, text),
    [Symbol.asyncDispose]: async () => {
      await proxy.drain();
      await rm(directory, { recursive: true });
    },
  };
}

/** The same without a config file: the flags say who says what to do. */
export async function startProxyWith(flags: readonly string[]): Promise<Omit<RunningProxy, 'write'>> {
  const argv = ['--host', '127.0.0.1', '--port', '0', ...flags];
  const options = readOptions(l7Proxy, argv, {});
  if (options.kind !== 'config') throw new Error(JSON.stringify(options));

  const log: RunningProxy['log'] = [];
  const logAt = (level: string) => (first: unknown, message?: string) => {
    if (typeof first === 'string') log.push({ level, fields: {}, message: first });
    else log.push({ level, fields: first as Record<string, unknown>, message: message ?? '' });
  };
  const ports = new Map<string, number>();
  const drains: ((signal: AbortSignal) => Promise<void> | void)[] = [];
  const handlers = new Map<string, () => AdminResponse>();
  const metrics = new Registry();
  const readiness = new Readiness();
  const service = {
    env: {},
    log: { info: logAt('info'), warn: logAt('warn'), error: logAt('error'), debug: logAt('debug') },
    metrics,
    readiness,
    admin: { get: (path: string, handler: () => AdminResponse) => handlers.set(path, handler) },
    listening: (what: string, { port }: { port: number }) => void ports.set(what, port),
    onDrain: (_name: string, step: (signal: AbortSignal) => void) => void drains.push(step),
  } as unknown as Runtime;
  await l7Proxy.start(options.config, service);
  readiness.serving();

  const drain = async (signal = AbortSignal.abort()) => {
    for (const step of drains.splice(0).reverse()) await step(signal);
  };
  const port = [...ports.values()][0]!;
  return {
    address: `127.0.0.1:${port}`,
    port,
    ports,
    log,
    metrics,
    status: () => JSON.parse(handlers.get('/status')!().body) as ProxyStatus,
    drain,
    [Symbol.asyncDispose]: () => drain(),
  };
}

/** A mesh config with one service at these addresses. `extra` is YAML of the service, indented by four. */
export function oneService(endpoints: readonly string[], extra = ''): string {
  const list = endpoints.map((endpoint) => `'${endpoint}'`).join(', ');
  return `services:
  echo:
    source: { static: { endpoints: [${list}] } }
${extra}
routes:
  - name: all
    match: {}
    to: [{ service: echo }]
`;
}
