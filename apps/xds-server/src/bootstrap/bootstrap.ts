import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exitCodes, readOptions, ServiceError, type HostProcess } from '@evenly/service';
import { bootstrapFile } from './bootstrap-file.ts';
import { bootstrapOptions, type BootstrapConfig } from './options.ts';
import { readPodLabels } from './pod-labels.ts';

const program = {
  name: 'xds-server bootstrap',
  describe: "Writes the xDS bootstrap of a gRPC client from what its pod's downward API says, and ends.",
  options: bootstrapOptions,
};

/**
 * `xds-server bootstrap`, for an init container.
 * @returns the exit code: 0, or 64 after every fault was said
 */
export function writeBootstrap(
  args: readonly string[],
  host: Pick<HostProcess, 'env' | 'stdout' | 'stderr'>,
): number {
  const result = readOptions(program, args, host.env);
  if (result.kind === 'text') {
    host.stdout.write(result.text);
    return exitCodes.ok;
  }
  try {
    if (result.kind === 'faults') {
      throw new ServiceError(
        'BAD_CONFIG',
        result.faults.map(({ where, reason }) => `${where}: ${reason}`).join('; '),
      );
    }
    const said = write(result.config, host);
    if (said !== undefined) host.stderr.write(`${program.name}: ${said}\n`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    host.stderr.write(`${program.name}: ${error.message}\n`);
    return exitCodes.usage;
  }
}

/** @returns what a person may want to know */
function write(config: BootstrapConfig, host: Pick<HostProcess, 'stdout'>): string | undefined {
  const labels = config.labels === undefined ? new Map<string, string>() : readPodLabels(config.labels);
  const namespace = config.namespace ?? namespaceOfPod();
  const bootstrap = bootstrapFile({ ...config, ...(namespace !== undefined && { namespace }) }, labels);
  const text = `${JSON.stringify(bootstrap, null, 2)}\n`;
  if (config.out === undefined) {
    host.stdout.write(text);
    return undefined;
  }
  try {
    mkdirSync(dirname(config.out), { recursive: true });
    // Moved into its place: a client that starts meanwhile reads all of it or nothing.
    writeFileSync(`${config.out}.new`, text);
    renameSync(`${config.out}.new`, config.out);
  } catch (cause) {
    throw new ServiceError('BAD_CONFIG', `--out: ${(cause as Error).message}`, { cause });
  }
  const { node } = bootstrap as { node: { id: string; locality: { zone?: string } } };
  return `wrote ${config.out} for ${node.id}, ${node.locality.zone ? `zone ${node.locality.zone}` : 'no zone'}`;
}

/**
 * A pod's namespace, which is there without anything in its manifest, unless it has no service account's token.
 * @returns undefined where there is no such file
 */
export function namespaceOfPod(
  file = '/var/run/secrets/kubernetes.io/serviceaccount/namespace',
): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined; // not in a pod, or in one without a token
  }
}
