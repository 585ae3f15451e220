import { readFile } from 'node:fs/promises';
import { ConfigError, readConfigs, type MeshConfig } from '@evenly/mesh-config';
import { MeshCertificates } from './mesh-certificates.ts';

/** By sysexits(3). */
const exitCodes = { ok: 0, usage: 64 } as const;

/** For --help. */
export const checkCommand = {
  usage: 'check FILE…',
  describe: 'say what is wrong with config files, start nothing, and end',
} as const;

/**
 * `PROGRAM check FILE…`: whether the program would start with these files, without starting it.
 * @param warningsOf what of a good config a person should know, one line each
 * @param say one line for people
 * @returns the exit code: 0, warnings or not, or 64 after every fault was said
 */
export async function checkFiles(
  { program, warningsOf }: { program: string; warningsOf: (config: MeshConfig) => readonly string[] },
  files: readonly string[],
  say: (line: string) => void,
): Promise<number> {
  const option = files.find((file) => file.startsWith('-'));
  if (files.length === 0 || option !== undefined) {
    const isHelp = option === '--help' || option === '-h';
    if (option !== undefined && !isHelp) say(`${program} check has no options, but got ${option}`);
    say(`usage: ${program} ${checkCommand.usage}`);
    return isHelp ? exitCodes.ok : exitCodes.usage;
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
    for (const warning of warningsOf(config)) say(`warning: ${warning}`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof ConfigError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    const { code, path, message } = error as NodeJS.ErrnoException;
    say(code === 'ENOENT' ? `${path}: there is no such file` : message);
    return exitCodes.usage;
  }
}
