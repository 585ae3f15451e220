import { exitCodes, readOptions, type Config, type Host } from '@evenly/service';
import { serveApi } from './api/server.ts';
import { childEnvironment } from './environment.ts';
import { exitCodeOf, isExpected } from './errors.ts';
import { Lab } from './lab.ts';
import { checkPorts } from './ports.ts';
import { builtPrograms, type Programs } from './programs.ts';
import { jsonProgress, textProgress, type Progress } from './progress.ts';
import type { Guide } from './scenarios/scenario.ts';
import { xdsDnsSrv } from './scenarios/xds-dns-srv.ts';
import { startOptions } from './start-options.ts';

/** The part of node's `process` that the lab needs. */
export type LabHost = Host & Pick<NodeJS.Process, 'pid' | 'execPath'>;

type StartConfig = Config<typeof startOptions>;

/**
 * npm passes Ctrl-C on to its script, which has it from the terminal already: what comes right after the first signal
 * is that, and no impatience.
 */
const impatienceMs = 2000;

/**
 * `lab start`: brings the scenario up, says what to try, and ends everything on SIGINT, SIGTERM or SIGHUP.
 * @returns the exit code: 0 after a clean end, 64 for bad options, 69 when a port or a program cannot be had,
 *   130 when a second signal cut the end short
 */
export async function start(argv: readonly string[], host: LabHost, programs?: Programs): Promise<number> {
  const describe = 'Brings a small cluster up on loopback, with everything that the scenario needs.';
  const result = readOptions({ name: 'lab start', describe, options: startOptions }, argv, host.env);
  if (result.kind === 'help') {
    host.stdout.write(result.text);
    return exitCodes.ok;
  }
  if (result.kind === 'faults') {
    const lines = result.faults.map(({ where, reason }) => `  ${where}: ${reason}\n`);
    host.stderr.write(`lab: cannot start with these options:\n${lines.join('')}`);
    return exitCodes.usage;
  }
  const { config } = result;
  const progress = config.output === 'json' ? jsonProgress(host.stdout) : textProgress(host.stdout);
  const lab = new Lab({
    scenario: 'xds-dns-srv',
    pid: host.pid,
    host: config.host,
    dnsPort: config.dnsPort,
    onLost: (message) => progress.say(message),
  });
  return runUntilSignal(host, lab, progress, () => bringUp(lab, config, host, progress, programs));
}

async function runUntilSignal(
  host: LabHost,
  lab: Lab,
  progress: Progress,
  bringUp: () => Promise<unknown>,
): Promise<number> {
  const signals = watchSignals(host);
  // A signal may come while things are still starting. What then fails does so because it is stopped.
  const up: Promise<End> = bringUp().then(
    () => signals.first,
    (error: unknown): End | Promise<End> => (signals.received ? signals.first : { error }),
  );
  const end = await Promise.race([up, signals.first]);
  if ('signal' in end) progress.say(`${end.signal}: ending`);
  const stopped = await Promise.race([lab.stop().then(() => true), signals.impatient.then(() => false)]);
  if (!stopped) {
    lab.kill();
    return 130;
  }
  if ('error' in end) {
    const { error } = end;
    host.stderr.write(
      `lab: ${isExpected(error) ? error.message : String((error as Error).stack ?? error)}\n`,
    );
    return exitCodeOf(error);
  }
  progress.say('all ended');
  return exitCodes.ok;
}

async function bringUp(
  lab: Lab,
  config: StartConfig,
  host: LabHost,
  progress: Progress,
  programs: Programs = builtPrograms(host.execPath),
): Promise<Guide> {
  const at = { host: config.host };
  await checkPorts([
    { ...at, port: config.port, option: '--port', what: 'frontend' },
    { ...at, port: config.xdsPort, option: '--xds-port', what: 'xDS server' },
    { ...at, port: config.dnsPort, option: '--dns-port', what: 'DNS server', udp: true },
    { host: '127.0.0.1', port: config.labPort, option: '--lab-port', what: 'lab API' },
  ]);
  const guide = await xdsDnsSrv({
    lab,
    programs,
    progress,
    host: config.host,
    env: childEnvironment(host.env),
    ports: { frontend: config.port, xds: config.xdsPort },
    refreshMs: config.refresh,
  });
  const api = await serveApi(lab, config.labPort);
  lab.onStopped(() => api.close(AbortSignal.timeout(1000)));
  progress.ready(withLabPort(guide, api.port), { address: api.address, port: api.port });
  return guide;
}

/** The small commands look at the default port; tell them where the lab is, if it is elsewhere. */
function withLabPort(guide: Guide, port: number): Guide {
  if (String(port) === startOptions.labPort.default) return guide;
  const tries = guide.tries.map(({ command, why }) => ({
    command: command.startsWith('npm run lab') ? `${command} --lab-port ${port}` : command,
    why,
  }));
  return { ...guide, tries };
}

/** Why the lab ends. */
type End = { signal: string } | { error: unknown };

interface Signals {
  received: boolean;
  first: Promise<End>;
  /** A later one, that is no echo of the first. */
  impatient: Promise<void>;
}

function watchSignals(host: LabHost): Signals {
  let onFirst: (end: End) => void = () => undefined;
  let onImpatient: () => void = () => undefined;
  const signals: Signals = {
    received: false,
    first: new Promise((resolve) => (onFirst = resolve)),
    impatient: new Promise((resolve) => (onImpatient = resolve)),
  };
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    host.on(signal, () => {
      firstAt ??= performance.now();
      signals.received = true;
      onFirst({ signal });
      if (performance.now() - firstAt > impatienceMs) onImpatient();
    });
  }
  return signals;
}
