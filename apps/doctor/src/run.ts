import { asDiscoveryError } from '@evenly/endpoints';
import { findAccess, KubernetesApi } from '@evenly/kubernetes';
import { readOptions, type HostProcess } from '@evenly/service';
import pc from 'picocolors';
import { codes, exitCode } from './exit-code.ts';
import { diagnose } from './findings/index.ts';
import { takeInventory } from './inventory/take-inventory.ts';
import { options, type DoctorConfig } from './options.ts';
import { jsonReport } from './report/json.ts';
import { plain, textReport } from './report/text.ts';

const program = {
  name: 'doctor',
  describe:
    'Says how the gRPC Services of a cluster are balanced, what is wrong, and what to change. It only reads. ' +
    'Exit codes: 0 nothing is wrong; 1 something is; 2 nothing is in what could be looked at, which was not all; ' +
    '64 bad options or kubeconfig; 69 the cluster does not answer, or Services may not be listed.',
  options,
};

/** Narrower is no help to a reader, nor are lines that the eye loses. */
const [leastWidth, mostWidth] = [60, 100];

type Host = Pick<HostProcess, 'argv' | 'env' | 'stdout' | 'stderr'>;

/** @returns the exit code */
export async function run(host: Host): Promise<number> {
  const result = readOptions(program, host.argv.slice(2), host.env);
  if (result.kind === 'text') {
    host.stdout.write(result.text);
    return codes.well;
  }
  if (result.kind === 'faults') {
    const lines = result.faults.map(({ where, reason }) => `  ${where}: ${reason}\n`);
    host.stderr.write(`doctor: cannot start with these options:\n${lines.join('')}`);
    return codes.usage;
  }
  return look(result.config, host);
}

async function look({ kubeconfig, context, namespace, json }: DoctorConfig, host: Host): Promise<number> {
  let api: KubernetesApi | undefined;
  try {
    const access = await findAccess({
      env: host.env,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    api = new KubernetesApi(access);
    const diagnosis = diagnose(await takeInventory(api, namespace));
    const width = Math.min(mostWidth, Math.max(leastWidth, host.stdout.columns ?? mostWidth));
    const isColoured = host.stdout.isTTY && !host.env.NO_COLOR;
    const paint = isColoured ? pc.createColors(true) : plain;
    host.stdout.write(
      json ? `${JSON.stringify(jsonReport(diagnosis), null, 2)}\n` : textReport(diagnosis, { width, paint }),
    );
    return exitCode(diagnosis);
  } catch (thrown) {
    const { code, message } = asDiscoveryError(thrown);
    const hint = code === 'FORBIDDEN' ? '; --namespace looks at namespaces of yours alone' : '';
    host.stderr.write(`doctor: ${message}${hint}\n`);
    return code === 'BAD_CONFIG' ? codes.usage : codes.unavailable;
  } finally {
    api?.close();
  }
}
