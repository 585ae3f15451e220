import { readFile } from 'node:fs/promises';
import { MeshCertificates } from '@evenly/live-mesh';
import { ConfigError, readConfigs } from '@evenly/mesh-config';
import { exitCodes } from '@evenly/service';
import { configWarnings } from './routing/config-warnings.ts';

/**
 * `l7-proxy check FILE…`: whether the proxy would start with these files, without starting it.
 * @param say one line for people
 * @returns the exit code: 0, warnings or not, or 64 after every fault was said
 */
export async function checkFiles(files: readonly string[], say: (line: string) => void): Promise<number> {
  if (files.length === 0) {
    say('usage: l7-proxy check FILE…');
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
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof ConfigError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    say((error as Error).message);
    return exitCodes.usage;
  }
}
