import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { adminGuard } from './admin-guard.ts';
import { AdminRoutes, send } from './admin-routes.ts';
import { addCommonRoutes, listenHttp } from './admin.ts';
import { drain, type DrainStep } from './drain.ts';
import { ServiceError, exitCodeOf, exitCodes } from './errors.ts';
import { neverMs, replaceEventLoopLag } from './event-loop-lag.ts';
import { heapWarning, processMemory } from './heap-limit.ts';
import { createLog } from './log.ts';
import { readOptions, type Config, type OptionSpecs, type SubCommand } from './options.ts';
import { Readiness } from './readiness.ts';
import { sayReadiness } from './say-readiness.ts';
import { startTracing } from './tracing.ts';
import * as values from './values.ts';
import { version } from './version.ts';

/** Options that every program has. */
const commonOptions = {
  adminPort: {
    describe: 'port of /healthz, /readyz and /metrics; 0 = any free one, absent = no admin server',
    schema: values.port(),
  },
  adminHost: {
    describe:
      'address of the admin server, which has no authentication; 0.0.0.0 = for others than this machine, too',
    schema: values.text(),
    default: '127.0.0.1',
  },
  adminAllowedHosts: {
    describe:
      'names by which the admin server may be called beside localhost and IP addresses, such as *.evenly.svc; others are refused',
    schema: values.list(),
    default: '',
  },
  logLevel: {
    describe: 'least level that is logged',
    schema: values.oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
  },
  logFormat: {
    describe: 'how the log is written; auto = text in a terminal, json elsewhere',
    schema: values.oneOf(['auto', 'json', 'text']),
    default: 'auto',
  },
  drainTimeout: {
    describe: 'how long calls in flight may take after SIGTERM before they are cut',
    schema: values.duration(),
    default: '25s',
  },
  exitWithParent: {
    describe: 'end when standard input closes, as it does when the parent process dies',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
} as const satisfies OptionSpecs;

/** What a running program has at hand. */
export interface Runtime {
  /** The environment, for libraries that read their own names in it (KUBECONFIG, OTEL_…). */
  env: Readonly<Record<string, string | undefined>>;
  log: Logger;
  metrics: Registry;
  /** What `/metrics` says instead: for a program of several processes. */
  exposeMetrics(read: () => Promise<string>): void;
  readiness: Readiness;
  /** Absent when traces are off, so that hot paths need not even make spans that nobody gets. */
  tracer?: Tracer;
  /** Add a program's own admin routes here; frontends may mount its `handle` on their own server too. */
  admin: AdminRoutes;
  /** Says in the log what listens where, in one form that people and scripts read. */
  listening(what: string, at: { address: string; port: number }): void;
  /** Registers something to let go of on SIGTERM; the last registered goes first. */
  onDrain(name: string, step: DrainStep): void;
  /** Ends the program as SIGTERM would: its work is done. */
  stop(reason: string): void;
}

export interface Program<S extends OptionSpecs> {
  name: string;
  describe: string;
  /** What else its main does, by `NAME COMMAND`: for --help alone. */
  commands?: readonly SubCommand[];
  /** Those of the program itself; one that every program has (`drainTimeout`) may be given another default here. */
  options: S;
  /** What standard output is for: with `data`, the log goes to standard error. */
  output?: 'log' | 'data';
  /** Builds and listens; returns once everything serves. */
  start(config: Config<S>, runtime: Runtime): Promise<void>;
}

/** The part of node's `process` that a program's main needs: the only door to it. */
export type HostProcess = Pick<
  NodeJS.Process,
  'argv' | 'env' | 'stdin' | 'stdout' | 'stderr' | 'on' | 'exit'
>;

/**
 * Runs a program: options → start → serve → drain on SIGTERM or SIGINT → exit. Told to stop while it starts, it drains
 * what it has so far.
 * Exit codes: 0 after a clean drain, 64 for bad options or config (every fault listed), 69 when a port cannot be had,
 * 70 for a fault of the program itself.
 */
export async function runMain<const S extends OptionSpecs>(
  program: Program<S>,
  host: HostProcess,
): Promise<void> {
  const options = { ...commonOptions, ...program.options };
  const result = readOptions({ ...program, options }, host.argv.slice(2), host.env);
  if (result.kind === 'text') {
    host.stdout.write(result.text);
    return host.exit(exitCodes.ok);
  }
  if (result.kind === 'faults') {
    const lines = result.faults.map((fault) => `  ${fault.where}: ${fault.reason}\n`);
    host.stderr.write(`${program.name}: cannot start with these options:\n${lines.join('')}`);
    return host.exit(exitCodes.usage);
  }

  const common = result.config as unknown as Config<typeof commonOptions>;
  const steps: { name: string; run: DrainStep }[] = [];
  let stop: Runtime['stop'] = () => undefined;
  const stopRequested = new Promise<string>((resolve) => (stop = resolve));
  const runtime = createRuntime(program.name, await logOf(program, common, host), steps, host.env, stop);
  const { readiness } = runtime;
  const stopSaying = sayReadiness(readiness, runtime.log);
  const start = async () => {
    const reason = heapWarning(processMemory());
    if (reason !== undefined) runtime.log.warn({ reason }, 'too large a heap for this container');
    await addTracing(program.name, runtime);
    await startAdmin(runtime, common);
    await program.start(result.config, runtime);
  };
  // Before the start, which may wait for others (an xDS server): as process 1 of a container a program that does not
  // listen for SIGTERM does not get it.
  stopFromOutside(host, common.exitWithParent, stop);
  try {
    const stopped = await Promise.race([start(), stopRequested]);
    if (stopped === undefined) readiness.serving();
  } catch (error) {
    const message = error instanceof ServiceError ? error.message : String((error as Error).stack ?? error);
    host.stderr.write(`${program.name}: ${message}\n`);
    return host.exit(exitCodeOf(error));
  }

  const reason = await stopRequested;
  stopSaying();
  readiness.draining();
  runtime.log.info({ reason }, 'draining');
  const report = await drain(steps, common.drainTimeout);
  for (const { step, reason: why } of report.failed)
    runtime.log.warn({ step, reason: why }, 'drain step failed');
  runtime.log.info('stopped');
  host.exit(exitCodes.ok);
}

function logOf(
  { name, output }: Pick<Program<OptionSpecs>, 'name' | 'output'>,
  { logLevel, logFormat }: Config<typeof commonOptions>,
  { stdout, stderr }: HostProcess,
): Promise<Logger> {
  const to =
    output === 'data'
      ? ({ fd: 2, isTerminal: stderr.isTTY } as const)
      : ({ fd: 1, isTerminal: stdout.isTTY } as const);
  return createLog({ app: name, level: logLevel, format: logFormat, to });
}

function createRuntime(
  name: string,
  log: Logger,
  steps: { name: string; run: DrainStep }[],
  env: Runtime['env'],
  stop: Runtime['stop'],
): Runtime {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: neverMs });
  replaceEventLoopLag(metrics);
  // Gauges that are named as counters are; what they sum up has its own rows, by type.
  for (const of of ['resources', 'handles', 'requests'])
    metrics.removeSingleMetric(`nodejs_active_${of}_total`);
  new Gauge({
    name: 'evenly_build_info',
    help: 'Always 1; its labels say which program this is, and of which version',
    labelNames: ['app', 'version'],
    aggregator: 'max', // of several workers, which are one program
    registers: [metrics],
  }).set({ app: name, version }, 1);
  const readiness = new Readiness();
  let readMetrics = () => metrics.metrics();
  const admin = new AdminRoutes((err, path) => log.error({ err, path }, 'admin request failed'));
  addCommonRoutes(admin, readiness, metrics, () => readMetrics());
  return {
    env,
    log,
    metrics,
    exposeMetrics: (read) => (readMetrics = read),
    readiness,
    admin,
    listening: (what, { address, port }) => {
      log.info({ event: 'listening', what, address, port }, `${what} listens on ${hostPort(address, port)}`);
    },
    onDrain: (stepName, run) => void steps.push({ name: stepName, run }),
    stop,
  };
}

/** Registered before all else, so flushed after all else. */
async function addTracing(name: string, runtime: Runtime): Promise<void> {
  const tracing = await startTracing(name, runtime.env, runtime.log);
  if (tracing === undefined) return;
  runtime.tracer = tracing.tracer;
  runtime.onDrain('traces', () => tracing.stop());
}

async function startAdmin(runtime: Runtime, config: Config<typeof commonOptions>): Promise<void> {
  if (config.adminPort === undefined) return;
  const at = { host: config.adminHost, port: config.adminPort, option: '--admin-port' };
  const guard = adminGuard(config.adminAllowedHosts);
  const listener = await listenHttp((request, response) => {
    const notFound = () => send(response, { status: 404, type: 'text', body: 'there is nothing here\n' });
    guard(request, response, () => runtime.admin.handle(request, response, notFound));
  }, at);
  runtime.listening('admin', listener);
  if (!isLoopback(listener.address)) {
    runtime.log.warn(
      { host: listener.address },
      'the admin port has no authentication: whoever can connect reads it',
    );
  }
  // Registered first, so closed last: probes see "not ready" for as long as the drain takes.
  runtime.onDrain('admin', (signal) => listener.close(signal));
}

/** Stops on a signal, or when the parent process is gone. */
function stopFromOutside(host: HostProcess, exitWithParent: boolean, stop: Runtime['stop']): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) host.on(signal, () => stop(signal));
  if (exitWithParent) host.stdin.on('close', () => stop('parent gone')).resume();
}

const isLoopback = (address: string) => address === '::1' || address.startsWith('127.');

/** `127.0.0.1:80`, `[::1]:80`. */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
