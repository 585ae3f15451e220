import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LabError } from './errors.ts';

/** What a scenario starts. */
export type ProgramName = 'echo-backend' | 'frontend' | 'xds-server';

/** From a program to the command that runs it, to which options are added. */
export type Programs = (name: ProgramName) => readonly string[];

const apps = new URL('../../', import.meta.url);

/**
 * The apps of this repository, as they were built.
 * @param node the node executable
 */
export function builtPrograms(node: string): Programs {
  return (name) => {
    const file = fileURLToPath(new URL(`${name}/dist/main.js`, apps));
    if (!existsSync(file)) {
      throw new LabError('NOT_BUILT', `${name} is not built (no ${file}); run: npx nx run-many -t build`);
    }
    return [node, file];
  };
}
