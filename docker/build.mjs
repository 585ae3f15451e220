// Builds the image of an app: node docker/build.mjs APP (or `npx nx container APP`, which builds the app first).
// From the environment: NODE_IMAGE, where node comes from; IMAGE_PREFIX (evenly/) and IMAGE_TAG (dev), for the image's name.
// Skaffold's builds by a script say the whole name (IMAGE), and whether it is wanted in its registry (PUSH_IMAGE=true).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apps, stage } from './stage.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..');
const env = process.env;

const app = process.argv[2] ?? '';
if (!apps.includes(app)) {
  say(`no app ${JSON.stringify(app)}; there are ${apps.join(', ')}`);
  process.exit(1);
}

const context = mkdtempSync(join(tmpdir(), `evenly-image-${app}-`));
try {
  await stage(app, context);
  build(context);
} catch (error) {
  // docker has said itself what is wrong.
  if (!(error instanceof Error) || 'status' in error) say(`the image of ${app} was not built`);
  else say(error.message);
  process.exitCode = 1;
} finally {
  rmSync(context, { recursive: true, force: true });
}

function build(directory) {
  const manifest = readFileSync(join(root, `apps/${app}/package.json`), 'utf8');
  const { version, description } = JSON.parse(manifest);
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

function say(message) {
  process.stderr.write(`docker/build.mjs: ${message}\n`);
}
