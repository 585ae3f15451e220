import { readFile } from 'node:fs/promises';
import { MeshCertificates } from '@evenly/live-mesh';
import { ConfigError, readConfigs } from '@evenly/mesh-config';
import { exitCodes } from '@evenly/service';
import { clients as titles, unsupported, type Unsupported } from '@evenly/xds';
import { configWarnings } from './routing/config-warnings.ts';

const usage = 'usage: l7-proxy check [--xds-clients] FILE…';

/**
 * `l7-proxy check FILE…`: whether the proxy would start with these files, without starting it. With `--xds-clients` also
 * what clients of an xds-server would do in another way than these files ask for.
 * @param say one line for people
 * @returns the exit code: 0, warnings or not, or 64 after every fault was said
 */
export async function checkFiles(args: readonly string[], say: (line: string) => void): Promise<number> {
  const files = args.filter((arg) => !arg.startsWith('--'));
  const options = args.filter((arg) => arg.startsWith('--'));
  if (files.length === 0 || options.some((option) => option !== '--xds-clients')) {
    say(usage);
    return exitCodes.usage;
  }
  try {
    const texts = await Promise.all(
      files.map(async (file) => ({ file, text: await readFile(file, 'utf8') })),
    );
    const config = readConfigs(texts);
    const { services, routes, listeners } = config;
    const certificates = new MeshCertificates();
    await certificates.prepare(config);
    certificates.close();
    say(
      `${files.join(', ')}: good (services: ${services.size}, routes: ${routes.length}, listeners: ${listeners.length})`,
    );
    for (const warning of configWarnings(config)) say(`warning: ${warning}`);
    if (options.length > 0) for (const one of unsupported(config)) say(`warning: ${described(one)}`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof ConfigError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    say((error as Error).message);
    return exitCodes.usage;
  }
}

const described = ({ service, field, clients, instead }: Unsupported): string =>
  `${service}: ${field}: in ${clients.map((client) => titles[client].title).join('; ')}: ${instead}`;
