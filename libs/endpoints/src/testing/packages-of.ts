import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The names of all packages that come with a package: its dependencies, and theirs.
 * @param manifest the path of its package.json
 */
export function packagesOf(manifest: string, found = new Set<string>()): Set<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    if (found.has(name)) continue;
    found.add(name);
    packagesOf(manifestOf(name, manifest), found);
  }
  return found;
}

/** Not by resolving `NAME/package.json`, which a package may hide. */
function manifestOf(name: string, usedBy: string): string {
  const directories = createRequire(usedBy).resolve.paths(name) ?? [];
  const manifest = directories
    .map((each) => join(each, name, 'package.json'))
    .find((each) => existsSync(each));
  if (manifest === undefined) throw new Error(`${name}, which ${usedBy} needs, is not installed`);
  return manifest;
}
