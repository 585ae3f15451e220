import { existsSync } from 'node:fs';
import path from 'node:path';
import { LabError } from './errors.ts';

/** What a scenario starts. */
export type ProgramName = 'echo-backend' | 'echo-client' | 'frontend' | 'l7-proxy' | 'xds-server';

/** From a program to the command that runs it, to which options are added. */
export type Programs = (name: ProgramName) => readonly string[];

/** This file is in src of its app, and in a file of dist when it is built. */
function appsDirectory(): string {
  let directory = import.meta.dirname;
  while (path.basename(directory) !== 'lab') directory = path.dirname(directory);
  return path.dirname(directory);
}

/**
 * The apps of this repository, as they were built.
 * @param node the node executable
 */
export function builtPrograms(node: string): Programs {
  const apps = appsDirectory();
  return (name) => {
    const file = path.join(apps, name, 'dist/main.js');
    if (!existsSync(file)) {
      throw new LabError('NOT_BUILT', `${name} is not built (no ${file}); run: npx nx run-many -t build`);
    }
    return [node, file];
  };
}
