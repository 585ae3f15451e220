// What the image of an app holds: its bundle, the packages that are not in the bundle, in the checkout's own layout, and the
// licences of all packages.
// By itself, node docker/stage.mjs APP DIRECTORY, it fills a directory with that and prints the files.
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nodeFileTrace } from '@vercel/nft';

const root = fileURLToPath(new URL('..', import.meta.url));
const { packages } = readJson('package-lock.json');
/** From the name of each of our packages to its directory. */
const workspaces = new Map(
  Object.entries(packages).flatMap(([path, { link, resolved }]) =>
    link ? [[path.replace('node_modules/', ''), resolved]] : [],
  ),
);
export const apps = [...workspaces.values()]
  .filter((dir) => dir.startsWith('apps/'))
  .map((dir) => dir.replace('apps/', ''));

/** Packages whose files an app hands to browsers, which no import shows. */
const forBrowsers = { lab: ['d3', '@observablehq/plot'] };
/** Read by people, by tools for types and by debuggers. */
const notForNode = /\.(map|md|ts|cts|mts)$/;
/** Machine code is for one processor only, and the images are for each that Node's image is for. */
const machineCode = /\.(node|so|dylib|dll|exe)$/;

/** Fills the directory, and says what it put there: paths below the checkout. */
export async function stage(app, directory) {
  const files = new Set(await traced(programsOf(app)));
  for (const name of forBrowsers[app] ?? [])
    filesBelow(`node_modules/${name}`).forEach((file) => files.add(file));
  const packages = [...[...files].flatMap((file) => packageOf(file) ?? []), ...bundled(app)];
  for (const directory of new Set(packages)) for (const file of besidesCode(directory)) files.add(file);
  const native = [...files].filter((file) => machineCode.test(file));
  if (native.length > 0)
    throw new Error(`machine code, which only one kind of processor runs: ${native.join(', ')}`);
  for (const file of files) {
    const to = join(directory, file);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(root, file), to, { verbatimSymlinks: true });
  }
  return [...files].sort();
}

/** What the mains of these directories may load. */
async function traced(directories) {
  const mains = directories.map((dir) => join(root, dir, 'dist/main.js'));
  for (const main of mains)
    if (!existsSync(main)) throw new Error(`${main} is not there; npx nx build makes it`);
  const { fileList, warnings } = await nodeFileTrace(mains, { base: root });
  // Packages try for others that nobody needs; our own code does not.
  const missing = [...warnings]
    .map(({ message }) => message)
    .filter((message) => message.startsWith('Failed to resolve') && !message.includes('node_modules'));
  if (missing.length > 0) throw new Error(missing.join('\n'));
  return [...fileList].filter((file) => /^(apps|libs|node_modules)\//.test(file));
}

/** Directories of the app and of those that it starts, as the lab does: Nx is told of them, for no import shows them. */
function programsOf(app) {
  const started = readJson(`apps/${app}/package.json`).nx?.implicitDependencies ?? [];
  return [`apps/${app}`, ...started.map((name) => workspaces.get(name))];
}

/** Directories of the packages that are in the bundles of the app and of those that it starts. */
const bundled = (app) => programsOf(app).flatMap((directory) => readJson(`${directory}/dist/packages.json`));

/** The directory of the package from the registry that a file is of. */
const packageOf = (file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];

/** Of a package its licences, and what its code may read by names that only it knows: grpc-js-xds does of .wasm and .proto. */
function besidesCode(directory) {
  return filesBelow(directory).filter(
    (file) => /\.(wasm|proto)$/.test(file) || /^(licen[cs]e|notice|copying)/i.test(basename(file)),
  );
}

function filesBelow(directory) {
  return (
    readdirSync(join(root, directory), { recursive: true })
      .map((file) => `${directory}/${file}`)
      // Packages inside are packages of their own.
      .filter((file) => !file.includes('/node_modules/', directory.length))
      .filter((file) => lstatSync(join(root, file)).isFile() && !notForNode.test(file))
  );
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , app, directory] = process.argv;
  process.stdout.write((await stage(app, directory)).map((file) => `${file}\n`).join(''));
}
