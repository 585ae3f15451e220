import type { HostProcess } from '@evenly/service';
import { takeTicketSecretOutOf } from './ticket-secret.ts';

/** Options that only the process in front of the workers has. */
const supervisorOnly = ['--admin-port', '--admin-host', '--admin-allowed-hosts'];

/**
 * The process as a worker's main sees it: the same options, less the admin port, which is the supervisor's. (A port that
 * workers listen on is shared among them, and a question for all would be answered by any one.)
 */
export function workerHost(host: HostProcess): HostProcess {
  const { env, stdin, stdout, stderr } = host;
  return {
    argv: withoutOptions(host.argv, supervisorOnly),
    env: { ...takeTicketSecretOutOf(env), EVENLY_ADMIN_PORT: undefined },
    stdin,
    stdout,
    stderr,
    on: host.on.bind(host),
    exit: host.exit.bind(host),
  };
}

/** Leaves out `--name value` and `--name=value`. */
export function withoutOptions(argv: readonly string[], names: readonly string[]): string[] {
  return argv.filter((argument, index) => {
    const [name = ''] = argument.split('=', 1);
    return !names.includes(name) && !names.includes(argv[index - 1] ?? '');
  });
}
