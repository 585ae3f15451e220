import { exitCodes, readOptions, type Config, type HostProcess } from '@evenly/service';
import { serveApi } from './api/server.ts';
import { childEnvironment } from './environment.ts';
import { exitCodeOf, messageOf } from './errors.ts';
import { guideOf } from './guide.ts';
import { LiveLab } from './live-lab.ts';
import { checkPorts } from './ports.ts';
import { builtPrograms, type Programs } from './programs.ts';
import { jsonProgress, textProgress, type Progress } from './progress.ts';
import type { Scenario } from './scenario.ts';
import { scenarioNamed } from './scenarios.ts';
import { watchSignals } from './signals.ts';
import { startOptions } from './start-options.ts';

/** The part of node's `process` that the lab needs. */
export type LabHost = HostProcess & Pick<NodeJS.Process, 'pid' | 'execPath'>;

type StartConfig = Config<typeof startOptions>;

/**
 * `lab start`: brings the scenario up, says what to try, and ends everything on SIGINT, SIGTERM or SIGHUP.
 * @returns the exit code: 0 after a clean end, 64 for bad options or an unknown scenario, 69 when a port or a program cannot be had,
 *   130 when a second signal cut the end short
 */
export async function start(argv: readonly string[], host: LabHost, programs?: Programs): Promise<number> {
  const describe = 'Brings a small cluster up on loopback, with everything that the scenario needs.';
  const result = readOptions({ name: 'lab start', describe, options: startOptions }, argv, host.env);
  if (result.kind === 'text') {
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
  try {
    const scenario = scenarioNamed(config.scenario);
    const lab = liveLab(config, host, progress, programs ?? builtPrograms(host.execPath));
    return await runUntilSignal(host, lab, progress, () => bringUp(lab, scenario, config, progress));
  } catch (error) {
    host.stderr.write(`lab: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

function liveLab(config: StartConfig, host: LabHost, progress: Progress, programs: Programs): LiveLab {
  return new LiveLab({
    pid: host.pid,
    host: config.host,
    dnsPort: config.dnsPort,
    programs,
    progress,
    env: childEnvironment(host.env),
    ports: { frontend: config.port, xds: config.xdsPort, proxy: config.proxyPort },
    refreshMs: config.refresh,
    rate: config.rate,
    frontend: true,
  });
}

async function runUntilSignal(
  host: LabHost,
  lab: Pick<LiveLab, 'stop' | 'kill'>,
  progress: Pick<Progress, 'say'>,
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
    host.stderr.write(`lab: ${messageOf(end.error)}\n`);
    return exitCodeOf(end.error);
  }
  progress.say('all ended');
  return exitCodes.ok;
}

async function bringUp(
  lab: LiveLab,
  scenario: Scenario,
  config: StartConfig,
  progress: Progress,
): Promise<void> {
  const at = { host: config.host };
  await checkPorts([
    { ...at, port: config.port, option: '--port', what: 'frontend' },
    { ...at, port: config.proxyPort, option: '--proxy-port', what: 'proxy' },
    { ...at, port: config.xdsPort, option: '--xds-port', what: 'xDS server' },
    { ...at, port: config.dnsPort, option: '--dns-port', what: 'DNS server', udp: true },
    { host: '127.0.0.1', port: config.labPort, option: '--lab-port', what: 'lab API' },
  ]);
  await lab.start(scenario);
  const api = await serveApi(lab, config.labPort);
  lab.onStop(() => api.close());
  lab.apiPort = api.port;
  progress.ready(guideOf(lab.status, config.refresh, api.port), { address: api.address, port: api.port });
}

/** Why the lab ends. */
type End = { signal: string } | { error: unknown };
