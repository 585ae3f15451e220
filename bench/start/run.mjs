// What a start takes: each built program from being spawned until it listens (wall time, CPU), and its memory when it has been
// idle for a while. With --before DIR also those of another checkout, in turns.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    rounds: { type: 'string', default: '5' },
    idle: { type: 'string', default: '5' }, // seconds
    programs: { type: 'string', default: 'echo-backend,echo-client,frontend,l7-proxy,xds-server' },
  },
});
const here = fileURLToPath(new URL('../..', import.meta.url));
const roots = { ...(values.before && { before: resolve(values.before) }), this: here };
/** Longer than any start; then the run has failed. */
const limitMs = 60_000;
/** Linux counts CPU in hundredths of a second. */
const tickMs = 10;

const directory = mkdtempSync(join(tmpdir(), 'evenly-start-'));
const config = join(directory, 'mesh.yaml');
writeFileSync(
  config,
  `services: { a: { source: { static: { endpoints: ['127.0.0.1:1'] } } } }
routes: [{ name: a, match: { authority: a }, to: [{ service: a }] }]\n`,
);
const local = ['--host=127.0.0.1', '--port=0', '--admin-port=0', '--exit-with-parent'];
const programs = {
  'echo-backend': { args: local, what: 'grpc' },
  'echo-client': { args: ['--target=ipv4:127.0.0.1:1', ...local], what: 'http' },
  frontend: { args: ['--target=dns:///{service}:1', ...local], what: 'http' },
  'l7-proxy': { args: [`--config=${config}`, ...local], what: 'proxy' },
  'xds-server': { args: [`--config=${config}`, ...local], what: 'xds' },
};

async function start(root, name) {
  const { args, what } = programs[name];
  const begunMs = performance.now();
  const child = spawn(values.node, [join(root, 'apps', name, 'dist/main.js'), ...args], { stdio: 'pipe' });
  try {
    await /** @type {Promise<void>} */ (
      new Promise((done, reject) => {
        const failed = (why) => reject(new Error(`${name} of ${root}: ${why}`));
        child.once('exit', (code) => failed(`ended with ${code}`));
        setTimeout(failed, limitMs, `does not listen within ${limitMs} ms`).unref();
        for (const input of [child.stdout, child.stderr]) {
          createInterface({ input }).on('line', (line) => {
            if (line.includes(`"event":"listening","what":"${what}"`)) done();
          });
        }
      })
    );
    const wallMs = performance.now() - begunMs;
    const cpuMs = cpuOf(child.pid);
    await wait(Number(values.idle) * 1000);
    return { wallMs, cpuMs, rssMiB: rssOf(child.pid) };
  } finally {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  }
}

function cpuOf(pid) {
  // Fields 14 and 15 of proc(5), counted from behind the name, which may hold anything.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

function rssOf(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function summary(figures) {
  const sorted = figures.map(Math.round).sort((a, b) => a - b);
  return `${sorted[sorted.length >> 1]} (${sorted[0]}–${sorted.at(-1)})`;
}

const table = {};
try {
  for (const name of values.programs.split(',')) {
    const arms = Object.entries(roots).map(([arm, root]) => ({
      arm,
      root,
      starts: /** @type {Awaited<ReturnType<typeof start>>[]} */ ([]),
    }));
    for (let round = 0; round < Number(values.rounds); round++)
      for (const { root, starts } of arms) starts.push(await start(root, name));
    for (const { arm, starts } of arms) {
      const of = (figure) => summary(starts.map((one) => one[figure]));
      table[`${name}, ${arm}`] = {
        'wall, ms': of('wallMs'),
        'CPU, ms': of('cpuMs'),
        'idle RSS, MiB': of('rssMiB'),
      };
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}
console.table(table);
