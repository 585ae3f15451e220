// Builds the image of an app: node docker/build.mjs APP (or `npx nx container APP`, which builds the app first).
// From the environment: NODE_IMAGE, the base image; IMAGE_PREFIX (evenly/) and IMAGE_TAG (dev), for the image's name.
// Skaffold's builds by a script say the whole name (IMAGE), and whether it is wanted in its registry (PUSH_IMAGE=true).
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..');
const env = process.env;

const app = process.argv[2] ?? '';
const { packages } = readJson('package-lock.json');
/** From the name of each of our packages to its directory. */
const workspaces = new Map(
  Object.entries(packages).flatMap(([path, { link, resolved }]) =>
    link ? [[path.replace('node_modules/', ''), resolved]] : [],
  ),
);
if (packages[`apps/${app}`] === undefined) {
  const apps = [...workspaces.values()].filter((dir) => dir.startsWith('apps/'));
  say(`no app ${JSON.stringify(app)}; there are ${apps.map((dir) => dir.replace('apps/', '')).join(', ')}`);
  process.exit(1);
}

const context = mkdtempSync(join(tmpdir(), `evenly-image-${app}-`));
try {
  stage(context);
  build(context);
} catch (error) {
  // npm and docker have said themselves what is wrong.
  say(error.status === undefined ? error.message : `the image of ${app} was not built`);
  process.exitCode = 1;
} finally {
  rmSync(context, { recursive: true, force: true });
}

/** Fills the directory with what the image holds, in the checkout's layout, where Node finds all of it. */
function stage(directory) {
  const copy = (path) => cpSync(join(root, path), join(directory, path), { recursive: true });
  ['package.json', 'package-lock.json'].forEach(copy);
  // npm compares the lockfile with all of them, also those that it does not install.
  for (const dir of workspaces.values()) copy(`${dir}/package.json`);
  const install = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const roots = programsOf(app);
  const workspace = roots.map((dir) => `--workspace=${dir}`);
  execFileSync('npm', [...install, ...workspace], { cwd: directory, stdio: 'inherit' });

  const needed = new Set(roots.flatMap((dir) => [dir, ...librariesOf(dir)]));
  for (const [name, dir] of workspaces) {
    if (needed.has(dir)) {
      if (!existsSync(join(root, dir, 'dist'))) throw new Error(`${dir} is not built: npx nx build ${app}`);
      copy(`${dir}/dist`);
    } else {
      rmSync(join(directory, dir), { recursive: true });
      rmSync(join(directory, 'node_modules', name), { force: true });
    }
  }
  cpSync(join(here, 'context.dockerignore'), join(directory, '.dockerignore'));
}

/** Directories of the app and of those that it starts, as the lab does: Nx is told of them, for no import shows them. */
function programsOf(app) {
  const started = readJson(`apps/${app}/package.json`).nx?.implicitDependencies ?? [];
  return [`apps/${app}`, ...started.map((name) => workspaces.get(name))];
}

/** Directories of our libraries that a package uses in production, those of its libraries included. */
function librariesOf(dir, found = new Set()) {
  for (const name of Object.keys(packages[dir].dependencies ?? {})) {
    const library = workspaces.get(name);
    if (library === undefined || found.has(library)) continue;
    librariesOf(library, found.add(library));
  }
  return found;
}

function build(directory) {
  const { version, description } = readJson(`apps/${app}/package.json`);
  const args = {
    APP: app,
    VERSION: version,
    DESCRIPTION: description,
    REVISION: revision(),
    ...(env.NODE_IMAGE ? { NODE_IMAGE: env.NODE_IMAGE } : {}),
  };
  const image = env.IMAGE ?? `${env.IMAGE_PREFIX ?? 'evenly/'}${app}:${env.IMAGE_TAG ?? 'dev'}`;
  const buildArgs = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const command = ['build', '--tag', image, '--file', join(here, 'Dockerfile'), ...buildArgs, directory];
  execFileSync('docker', command, { stdio: 'inherit' });
  if (env.PUSH_IMAGE === 'true') execFileSync('docker', ['push', image], { stdio: 'inherit' });
}

/** The commit that is checked out; with `-dirty` when there is more than that. */
function revision() {
  try {
    return execFileSync('git', ['describe', '--always', '--abbrev=40', '--exclude=*', '--dirty'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown'; // no git, or no repository: an archive of the sources
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

function say(message) {
  process.stderr.write(`docker/build.mjs: ${message}\n`);
}
