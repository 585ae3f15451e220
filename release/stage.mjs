// Makes of each public library what is published, in dist/libs/NAME; npm run pack:libs makes tarballs of that.
// The code is one file an entry, in which everything is that the manifest does not name as a dependency or a peer: so of
// zod and of our generated messages users get what is called, and not 8 MB. Types are the files that entries lead to.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import { libraries, readJson, root } from './libraries.mjs';
import { withLinksTo } from './readme-links.mjs';

const { engines, repository } = readJson(`${root}package.json`);

/** @returns the directories that were made */
export async function stage() {
  rmSync(`${root}dist/libs`, { recursive: true, force: true });
  const directories = [];
  for (const { folder, manifest } of libraries) {
    const from = `${root}libs/${folder}`;
    const to = `${root}dist/libs/${folder}`;
    mkdirSync(to, { recursive: true });
    const entries = Object.values(manifest.exports).filter(({ types }) => types !== undefined);
    const needed = { ...manifest.dependencies, ...manifest.peerDependencies };
    const bundled = await bundle(from, to, entries, Object.keys(needed));
    copyTypes(from, to, entries, needed);
    if (Object.keys(bundled).length > 0) writeFileSync(`${to}/THIRD-PARTY-LICENSES`, licences(bundled));
    copyFileSync(`${root}LICENSE`, `${to}/LICENSE`);
    const readme = withLinksTo(
      to,
      text(`libs/${folder}/README.md`),
      `${tree(manifest.version)}/libs/${folder}/`,
    );
    writeFileSync(`${to}/README.md`, readme);
    writeFileSync(`${to}/package.json`, `${JSON.stringify(published(folder, manifest), null, 2)}\n`);
    directories.push(to);
  }
  return directories;
}

/** @returns of each package from the registry that is in the bundle, by its directory, the files that are */
async function bundle(from, to, entries, external) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({
      in: join(from, entry['@evenly/source']),
      out: entry.default.replace(/^\.\/dist\/|\.js$/g, ''),
    })),
    outdir: `${to}/dist`,
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    conditions: ['@evenly/source'],
    external,
    sourcemap: 'linked', // with the sources in it, which are not published beside it
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const packages = {};
  for (const file of Object.keys(metafile.inputs)) {
    const directory = /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
    if (directory !== undefined) (packages[directory] ??= []).push(file);
  }
  return packages;
}

/** The declarations that entries lead to. @throws Error where one needs a package that users do not get */
function copyTypes(from, to, entries, needed) {
  const seen = new Set();
  const copy = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    const target = join(to, relative(from, file));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    for (const { fileName: name } of ts.preProcessFile(text).importedFiles) {
      if (name.startsWith('.')) copy(join(dirname(file), name.replace(/\.[jt]s$/, '.d.ts')));
      else if (!name.startsWith('node:') && !(packageOf(name) in needed))
        throw new Error(`${relative(root, file)} needs the types of ${name}, which is no dependency`);
    }
  };
  for (const { types } of entries) copy(join(from, types));
}

const packageOf = (name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;

/** @param files of each package in the bundle the files that are in it */
function licences(files) {
  return Object.entries(files)
    .map(([directory, inside]) => {
      const { name, version, license } = readJson(`${root}${directory}/package.json`);
      const file = readdirSync(`${root}${directory}`).find((each) => /^licen[cs]e/i.test(each));
      // Without a file of its own, what is written at the top of its sources; LICENSE has the words of the Apache License.
      const texts =
        file === undefined ? [...new Set(inside.map(copyright))] : [text(`${directory}/${file}`).trim()];
      return `${name} ${version}, ${license}\n\n${texts.filter((each) => each !== '').join('\n\n')}\n`;
    })
    .join('\n---\n\n');
}

/** The repository in a browser, as it was when this version was tagged. */
const tree = (version) => `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/v${version}`;

const text = (path) => readFileSync(`${root}${path}`, 'utf8');

/** The comment at the top of a source, where it says whose that is. */
function copyright(file) {
  const [comment = ''] = /^(?:\/\/.*\n)*|^\/\*[^]*?\*\//.exec(text(file)) ?? [];
  return /copyright/i.test(comment) ? comment.replace(/^(\/\/|\/\*+| \*\/?) ?/gm, '').trim() : '';
}

function published(folder, manifest) {
  const { name, version, description, keywords, license, type, dependencies, peerDependencies } = manifest;
  const { peerDependenciesMeta } = manifest;
  return {
    ...{ name, version, description, keywords, license },
    repository: { ...repository, directory: `libs/${folder}` },
    ...{ type, engines },
    files: [
      'dist',
      ...(existsSync(`${root}dist/libs/${folder}/THIRD-PARTY-LICENSES`) ? ['THIRD-PARTY-LICENSES'] : []),
    ],
    exports: Object.fromEntries(
      Object.entries(manifest.exports)
        .filter(([, entry]) => typeof entry === 'string' || entry.types !== undefined)
        .map(([path, entry]) => [path, withoutSource(entry)]),
    ),
    dependencies: Object.fromEntries(
      Object.entries(dependencies ?? {}).map(([each, range]) => [
        each,
        range === '*' ? `^${version}` : range,
      ]),
    ),
    ...{ peerDependencies, peerDependenciesMeta },
    publishConfig: { access: 'public' },
  };
}

function withoutSource(entry) {
  if (typeof entry === 'string') return entry;
  const { '@evenly/source': _, ...rest } = entry;
  return rest;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await stage();
