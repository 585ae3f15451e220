// Installs what would be published into new projects, as a user would, and uses it there: npm run pack:check (after
// npm run build). Programs run on this Node, and on those whose paths are given: npm run pack:check -- NODE...
// Needs the registry, for what the libraries depend on. PACK_CHECK_KEEP=1 leaves the projects in place.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { readJson, root } from '../libraries.mjs';
import { linksOutOf } from '../readme-links.mjs';
import { stage } from '../stage.mjs';

const work = mkdtempSync(join(tmpdir(), 'evenly-pack-'));
const nodes = [process.execPath, ...process.argv.slice(2)];
const { devDependencies: tools } = readJson(`${root}package.json`);

/** @returns what it printed @throws Error with that, when it fails */
function run(cwd, command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (status === 0) return { stdout, stderr };
  throw new Error(`${command} ${args.join(' ')} in ${cwd}:\n${stdout}${stderr}${error ?? ''}`);
}

async function pack() {
  const tarballs = {};
  for (const directory of await stage()) {
    const { name } = readJson(`${directory}/package.json`);
    const broken = linksOutOf(directory, readFileSync(join(directory, 'README.md'), 'utf8'));
    if (broken.length > 0) throw new Error(`${name}: links of its README lead nowhere: ${broken.join(', ')}`);
    const { messages, pkg } = await publint({ pkgDir: directory, strict: true });
    if (messages.length > 0)
      throw new Error(messages.map((each) => `${name}: ${formatMessage(each, pkg)}`).join('\n'));
    const { stdout } = run(directory, 'npm', 'pack', '--silent', '--pack-destination', work);
    tarballs[name] = join(work, stdout.trim());
    // esm-only: TypeScript's `node16` refuses require() of ES modules, which Node itself has no objection to any more.
    run(root, 'npx', '--no-install', 'attw', '--profile', 'esm-only', tarballs[name]);
    say(
      `${name}: publint and attw find nothing, ${Math.round(lstatSync(tarballs[name]).size / 1e3)} kB packed`,
    );
  }
  return tarballs;
}

/** A new project. @param dependencies beside the libraries, which come from the tarballs */
function project(name, tarballs, dependencies, ...installOptions) {
  const directory = join(work, name);
  mkdirSync(directory);
  cpSync(fileURLToPath(new URL('project', import.meta.url)), directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  const wanted = [...Object.values(tarballs), ...Object.entries(dependencies).map((each) => each.join('@'))];
  run(
    directory,
    'npm',
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    ...installOptions,
    ...wanted,
  );
  return directory;
}

/** Runs a program on each Node. @returns what it says of itself @throws Error for a warning, too */
function use(directory, file) {
  const outputs = nodes.map((node) => {
    const { stdout, stderr } = run(directory, node, file);
    if (stderr !== '') throw new Error(`${node} ${file} in ${directory}: ${stderr}`);
    return stdout;
  });
  if (new Set(outputs).size > 1) throw new Error(`not the same on each Node: ${outputs.join('')}`);
  return JSON.parse(outputs[0] ?? '');
}

function sizeOf(directory) {
  return readdirSync(directory, { recursive: true })
    .map((file) => lstatSync(join(directory, file)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
}

const say = (text) => process.stdout.write(`${text}\n`);

function expect(what, actual, wanted) {
  if (actual !== wanted && !(wanted instanceof RegExp && wanted.test(actual)))
    throw new Error(`${what}: ${actual}, not ${wanted}`);
}

/** Everything that @evenly/discovery brings along, without the peer that its user has anyway. */
function checkSize(tarballs) {
  const { '@evenly/http2': _, ...needed } = tarballs;
  const directory = project('size', needed, {}, '--omit=peer');
  const size = sizeOf(join(directory, 'node_modules'));
  if (size > 5e6)
    throw new Error(`@evenly/discovery with all that it needs has ${size} bytes, more than 5 MB`);
  say(`@evenly/discovery with all that it needs, but for grpc-js: ${(size / 1e6).toFixed(1)} MB`);
}

/** The oldest, those between, and the newest that the registry has, which must be in the range. */
function checkGrpcVersions(tarballs) {
  for (const version of ['~1.12.6', '~1.13.4', 'latest']) {
    const directory = project(`grpc-js ${version}`, tarballs, { '@grpc/grpc-js': version });
    const { grpcJs, kubeconfig } = use(directory, 'app.mjs');
    expect('a kubeconfig without its package', kubeconfig, withoutClientNode);
    const copies = readdirSync(join(directory, 'node_modules'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => /(^|\/)@grpc\/grpc-js\/package.json$/.test(file),
    );
    expect(`copies of grpc-js ${grpcJs}`, copies.length, 1);
    say(`grpc-js ${grpcJs}: calls reach both pods, health checks too, one copy`);
  }
}

function checkModuleSystems(tarballs) {
  const ofUsers = ['@types/node', 'typescript', 'esbuild'].map((name) => [name, tools[name]]);
  const directory = project('modules', tarballs, {
    '@grpc/grpc-js': 'latest',
    '@opentelemetry/api': '1.9.0', // for the types of metrics
    ...Object.fromEntries(ofUsers),
  });
  const works = (how, kubeconfig, file) => {
    expect(`${how}, a kubeconfig`, use(directory, file).kubeconfig, kubeconfig);
    const isRead = typeof kubeconfig === 'string';
    say(`${how}: calls reach both pods; a kubeconfig ${isRead ? 'is read' : 'says which package it needs'}`);
  };
  const bundle = (format, source, ...options) =>
    run(
      directory,
      ...['npx', '--no-install', 'esbuild', source, '--bundle', '--platform=node', '--log-level=error'],
      ...[`--format=${format}`, `--outfile=${source.replace('app', 'bundle')}`, ...options],
    );
  // grpc-js is CommonJS, and asks for require() in a bundle of ES modules.
  bundle('esm', 'app.mjs', `--banner:js=${commonJsInEsModules}`);
  bundle('cjs', 'app.cjs');
  for (const file of ['bundle.mjs', 'bundle.cjs']) works(`esbuild, ${file}`, withoutClientNode, file);
  run(directory, 'npm', 'install', '--prefer-offline', '@kubernetes/client-node@1.4.0');
  for (const [how, file] of [
    ['ES modules', 'app.mjs'],
    ['require()', 'app.cjs'],
  ])
    works(how, 'https://10.0.0.1:6443', file);
  checkTypes(directory);
}

const withoutClientNode = /npm install @kubernetes\/client-node/;
const commonJsInEsModules = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url), __dirname = import.meta.dirname;`;

function checkTypes(directory) {
  cpSync(join(directory, 'app.ts'), join(directory, 'app.cts'));
  const settings = {
    node16: { module: 'node16', files: ['app.ts'] },
    nodenext: { module: 'nodenext', files: ['app.ts', 'app.cts'] },
    bundler: { module: 'esnext', moduleResolution: 'bundler', files: ['app.ts'] },
  };
  for (const [name, { files, ...options }] of Object.entries(settings)) {
    const compilerOptions = { ...options, target: 'es2023', strict: true, noEmit: true, types: ['node'] };
    writeFileSync(join(directory, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions, files }));
    run(directory, 'npx', '--no-install', 'tsc', '-p', `tsconfig.${name}.json`);
    say(`TypeScript, ${name}: types are found, declarations checked`);
  }
}

try {
  const versions = nodes.map((node) => run(work, node, '--version').stdout.trim());
  const tarballs = await pack();
  say(`programs run on Node ${versions.join(', ')}`);
  checkSize(tarballs);
  checkModuleSystems(tarballs);
  checkGrpcVersions(tarballs);
} catch (error) {
  process.stderr.write(`pack:check: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  if (!process.env.PACK_CHECK_KEEP) rmSync(work, { recursive: true, force: true });
}
