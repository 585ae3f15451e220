// The libraries that are public: those of libs/ whose manifest does not say `private`. The table in docs/libraries.md
// says why these.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Of each: its folder in libs/, and its manifest. */
export const libraries = readdirSync(`${root}libs`)
  .filter((folder) => existsSync(`${root}libs/${folder}/package.json`))
  .map((folder) => ({ folder, manifest: readJson(`${root}libs/${folder}/package.json`) }))
  .filter(({ manifest }) => !manifest.private);
