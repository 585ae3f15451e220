import { maxReplicas, type PodStatus, type ServiceStatus } from '@evenly/local-cluster';
import { exitCodes, values, version } from '@evenly/service';
import { Command, CommanderError, Option } from 'commander';
import { LabClient } from './client.ts';
import { followService } from './follow-service.ts';
import { LabError, exitCodeOf, messageOf } from './errors.ts';
import type { LabStatus } from './lab.ts';
import { runCompare } from './compare/command.ts';
import { scenarioList } from './scenario-list.ts';
import { startOptions } from './start-options.ts';
import { start, type LabHost } from './start.ts';
import { behaviourText, serviceText, statusText } from './status-text.ts';

/** Runs `lab <command> …`. @returns the exit code: 0, 64 for a wrong command line or request, 69 without a lab */
export async function runCli(host: LabHost): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = new Command('lab')
    .description('A small cluster on this machine, with gRPC load balancing to look at.')
    .version(`lab ${version}`, '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
    })
    .showHelpAfterError('(see --help)');

  program
    .command('start')
    .description('bring the cluster up; ends with Ctrl-C. Options: lab start --help')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]')
    .action(async (argv: string[]) => {
      exitCode = await start(argv, host);
    });
  program
    .command('list')
    .description(
      'the scenarios that there are, when to use each, and where the lab differs from a real cluster',
    )
    .action(() => void host.stdout.write(scenarioList()));
  program
    .command('run')
    .description('run one scenario, and measure it; options as of compare')
    .argument('<scenario>')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]')
    .action(async (scenario: string, argv: string[], _: object, command: Command) => {
      // Unknown options are passed on, so commander takes one for the name.
      if (scenario.startsWith('-')) command.error("error: missing required argument 'scenario'");
      exitCode = await runCompare(['--scenarios', scenario, ...argv], host);
    });
  program
    .command('compare')
    .description('run all scenarios, measure each, write a report. Options: lab compare --help')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]')
    .action(async (argv: string[]) => {
      exitCode = await runCompare(argv, host);
    });
  const say = (text: string) => void host.stdout.write(`${text}\n`);
  // Not where the answer goes: scripts read that.
  const sayProgress = (text: string) => void host.stderr.write(`${text}\n`);
  addCommands(program, host.env, { say, sayProgress });

  try {
    await program.parseAsync(host.argv.slice(2), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    host.stderr.write(`lab: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

interface Voices {
  say: (text: string) => void;
  sayProgress: (text: string) => void;
}

function addCommands(program: Command, env: LabHost['env'], { say, sayProgress }: Voices): void {
  const command = (usage: string, description: string) =>
    program
      .command(usage)
      .description(description)
      .addOption(
        new Option('--lab-port <port>', 'port of the REST API of the running lab').default(
          env.EVENLY_LAB_PORT ?? startOptions.labPort.default,
          'EVENLY_LAB_PORT or 8090',
        ),
      );
  const client = (options: { labPort: string }) =>
    new LabClient(read('--lab-port', values.port(), options.labPort));
  const pathOf = (...parts: string[]) => parts.map((part) => `/${encodeURIComponent(part)}`).join('');

  command('scale <service> <replicas>', 'run that many pods of a service').action(
    async (service: string, replicas: string, options: { labPort: string }) => {
      const body = { replicas: read('replicas', values.count(0, maxReplicas), replicas) };
      const lab = client(options);
      const scale = () => lab.post(pathOf('services', service, 'scale'), body);
      say(serviceText((await followService(lab, service, sayProgress, scale)) as ServiceStatus));
    },
  );
  command(
    'restart <name>',
    'rolling restart of a service, or restart of an app (xds-server, frontend)',
  ).action(async (name: string, options: { labPort: string }) => {
    const lab = client(options);
    const { apps } = (await lab.get('/status')) as LabStatus;
    const isApp = apps.some((app) => app.name === name);
    const restart = () => lab.post(pathOf(isApp ? 'apps' : 'services', name, 'restart'));
    const status = await followService(lab, name, sayProgress, restart);
    say(isApp ? `${name}: restarted` : serviceText(status as ServiceStatus));
  });
  for (const [operation, description, done] of podOperations) {
    command(`${operation} <pod>`, `${description}; with a service's name, any of its pods`).action(
      async (pod: string, options: { labPort: string }) => {
        const { pod: taken } = (await client(options).post(pathOf('pods', pod, operation))) as {
          pod: string;
        };
        say(`${taken}: ${done}`);
      },
    );
  }
  command(
    'behaviour <pod> <json>',
    'change a pod, for example: behaviour be1-srv-1 \'{"delay": "200ms"}\'',
  ).action(async (pod: string, json: string, options: { labPort: string }) => {
    const changed = await client(options).post(pathOf('pods', pod, 'behaviour'), parseJson(json));
    const { pod: taken, ...status } = changed as { pod: string } & Pick<PodStatus, 'behaviour'>;
    say(`${taken}: ${behaviourText(status) || 'as at first'}`);
  });
  command('dns <start|stop>', 'start or stop the DNS server').action(
    async (operation: string, options: { labPort: string }) => {
      const { state } = (await client(options).post(pathOf('dns', operation))) as { state: string };
      say(`DNS: ${state}`);
    },
  );
  command('status', 'what runs where')
    .option('--json', 'as JSON')
    .action(async (options: { labPort: string; json?: true }) => {
      const status = (await client(options).get('/status')) as LabStatus;
      const port = read('--lab-port', values.port(), options.labPort);
      say(options.json ? JSON.stringify(status, undefined, 2) : statusText(status, port));
    });
}

const podOperations = [
  ['unhealthy', 'let a pod say NOT_SERVING to health checks', 'unhealthy'],
  ['healthy', 'let it say SERVING again', 'healthy'],
  ['kill', 'SIGKILL a pod; it is replaced', 'killed'],
] as const;

function read(what: string, schema: ReturnType<typeof values.count>, text: string): number {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  const reason = result.error.issues.map(({ message }) => message).join('; ');
  throw new LabError('BAD_REQUEST', `${what}: ${reason}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LabError('BAD_REQUEST', `not JSON: ${text}`);
  }
}
