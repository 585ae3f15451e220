// An endpoint whose packets are dropped, without FIN or RST, as where a node is gone or a firewall has changed: by the proxy's
// defaults and in real time it has to be out of rotation within 20 s, and back once packets come through again. Endpoints
// come from a file and by xDS, to callers that wait and to callers with short deadlines.
//   npm run dropped-packets -w @evenly/e2e       needs Linux, root, iproute2 and util-linux; takes two minutes
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const mostS = 20;
const watchS = 40;
const dropped = '10.77.1.2';
const endpoints = [dropped, '10.77.2.2'];
const port = 50051;
const program = (app) => fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));
const caller = fileURLToPath(new URL('../client/caller.mjs', import.meta.url));

const self = fileURLToPath(import.meta.url);
if (process.argv[2] !== 'inside') {
  const has = (...command) => spawnSync(command[0], command.slice(1), { stdio: 'ignore' }).status === 0;
  if (!has('unshare', '--net', 'ip', 'link', 'set', 'lo', 'up')) {
    console.log('dropped packets: SKIPPED, no network namespace can be made here');
    process.exit(75);
  }
  // All links and rules are in namespaces that end with their processes.
  const inside = spawn('unshare', ['--net', process.execPath, self, 'inside'], { stdio: 'inherit' });
  const [code] = await once(inside, 'exit');
  process.exit(code ?? 1);
}

const running = [];
const directory = await mkdtemp(join(tmpdir(), 'evenly-dropped-'));
let isGood = false;
try {
  isGood = await measure();
} finally {
  for (const child of running) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
}
process.exit(isGood ? 0 : 1);

/**
 * @typedef {{ startedMs: number, endedMs: number, pod?: string, error?: string }} Call
 * @typedef {{ from: string, deadlineMs: number, proxy: Record<string, number>, calls: Call[], outS?: number, backS?: number }} Run
 */

async function measure() {
  must('ip', 'link', 'set', 'lo', 'up');
  const spaces = [];
  for (const [index, address] of endpoints.entries()) spaces.push(await startEndpoint(index, address));

  const source = `{ static: { endpoints: [${endpoints.map((address) => `'${address}:${port}'`).join(', ')}] } }`;
  const config = join(directory, 'mesh.yaml');
  await writeFile(
    config,
    `services: { echo: { source: ${source} } }\nroutes: [{ name: all, to: [{ service: echo }] }]\n`,
  );
  const xds = await startProgram('xds-server', ['--config', config], ['xds', 'admin']);
  /** @type {Run[]} */
  const runs = [];
  for (const { from, flags } of [
    { from: 'a file', flags: ['--config', config] },
    { from: 'xDS', flags: ['--xds-server', `127.0.0.1:${xds.xds}`] },
  ]) {
    for (const deadlineMs of [60_000, 1000]) {
      const proxy = await startProgram('l7-proxy', flags, ['proxy', 'admin']);
      runs.push({ from, deadlineMs, proxy, calls: startCaller(`127.0.0.1:${proxy.proxy}`, deadlineMs) });
    }
  }
  for (const run of runs) await until(() => bothRespond(run), 30, `${run.from}: both endpoints answer`);

  console.log(`packets of ${endpoints[0]} are dropped from here on (${drop(spaces[0])})`);
  const droppedAt = now();
  for (const run of runs) void watch(run, droppedAt);
  await wait(watchS * 1000);
  const comeBackAt = now();
  comeThrough(spaces[0]);
  for (const run of runs) {
    await until(() => bothRespond(run, comeBackAt), 60, `${run.from}: both answer again`);
    const back = run.calls.find(({ startedMs, pod }) => startedMs > comeBackAt && pod === endpoints[0]);
    if (back !== undefined) run.backS = (back.startedMs - comeBackAt) / 1000;
  }
  console.log(
    'endpoints from | deadline of calls | out of rotation after | last call that it cost | back after',
  );
  let isGood = true;
  for (const { from, deadlineMs, outS, backS, calls } of runs) {
    const costS = Math.max(
      0,
      ...calls
        .filter(({ startedMs }) => startedMs > droppedAt && startedMs < comeBackAt)
        .filter(({ error, startedMs, endedMs }) => error !== undefined || endedMs - startedMs > 900)
        .map(({ startedMs }) => (startedMs - droppedAt) / 1000),
    );
    isGood &&= outS !== undefined && outS <= mostS && costS <= mostS;
    const seconds = (value) => (value === undefined ? 'never' : `${value.toFixed(1)} s`);
    console.log([from, `${deadlineMs / 1000} s`, seconds(outS), seconds(costS), seconds(backS)].join(' | '));
  }
  return isGood;
}

/** A namespace of its own with an echo-backend in it, behind a link. @returns the process that holds the namespace */
async function startEndpoint(index, address) {
  const holder = start('unshare', ['--net', 'sleep', 'infinity']);
  const outer = `/proc/${process.pid}/ns/net`;
  await until(() => isElsewhere(holder.pid, outer), 10, 'a namespace');
  const gateway = address.replace(/\d+$/, '1');
  must(
    'ip',
    'link',
    'add',
    `to${index}`,
    'type',
    'veth',
    'peer',
    'name',
    'outside',
    'netns',
    String(holder.pid),
  );
  must('ip', 'address', 'add', `${gateway}/24`, 'dev', `to${index}`);
  must('ip', 'link', 'set', `to${index}`, 'up');
  within(holder, 'ip', 'link', 'set', 'lo', 'up');
  within(holder, 'ip', 'address', 'add', `${address}/24`, 'dev', 'outside');
  within(holder, 'ip', 'link', 'set', 'outside', 'up');
  const flags = ['--name', address, '--host', address, '--port', String(port), '--exit-with-parent'];
  const inSpace = [`--net=/proc/${holder.pid}/ns/net`, process.execPath, program('echo-backend'), ...flags];
  await ports(start('nsenter', inSpace), ['grpc']);
  return holder;
}

/** Nothing of the endpoint comes or goes from here on, and nobody is told. @returns how */
function drop(holder) {
  if (spawnSync('iptables', ['--version']).status === 0) {
    within(holder, 'iptables', '-A', 'INPUT', '-i', 'outside', '-j', 'DROP');
    within(holder, 'iptables', '-A', 'OUTPUT', '-o', 'outside', '-j', 'DROP');
    return 'iptables';
  }
  within(holder, 'ip', 'link', 'set', 'outside', 'down');
  return 'its link is down';
}

function comeThrough(holder) {
  if (spawnSync('iptables', ['--version']).status === 0) within(holder, 'iptables', '-F');
  else within(holder, 'ip', 'link', 'set', 'outside', 'up');
}

/** Looks when the proxy has the endpoint out of rotation first. */
async function watch(run, droppedAt) {
  while (run.outS === undefined) {
    const response = await fetch(`http://127.0.0.1:${run.proxy.admin}/status`);
    const status = /** @type {{ services: { endpoints: { state: string }[] }[] }} */ (await response.json());
    const one = status.services[0]?.endpoints.find((endpoint) => JSON.stringify(endpoint).includes(dropped));
    if (one?.state !== 'ready') run.outS = (now() - droppedAt) / 1000;
    await wait(100);
  }
}

function bothRespond({ calls }, sinceMs = 0) {
  return endpoints.every((address) =>
    calls.some(({ startedMs, pod }) => startedMs > sinceMs && pod === address),
  );
}

/** Ten calls a second. */
function startCaller(target, deadlineMs) {
  /** @type {Call[]} */
  const calls = [];
  const child = start(process.execPath, [caller, JSON.stringify({ target, ratePerS: 10, deadlineMs })]);
  createInterface({ input: child.stdout }).on('line', (line) => calls.push(JSON.parse(line)));
  return calls;
}

function startProgram(app, flags, wanted) {
  const own = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0', '--exit-with-parent'];
  return ports(start(process.execPath, [program(app), ...flags, ...own]), wanted);
}

function start(file, args) {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  return child;
}

/** What a program says that it listens on. @returns {Promise<Record<string, number>>} */
function ports(child, wanted) {
  /** @type {Record<string, number>} */
  const found = {};
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, what, port: at } = JSON.parse(line);
      if (event === 'listening') found[what] = at;
      if (wanted.every((one) => one in found)) resolve(found);
    });
  });
}

function must(...command) {
  const { status, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}

function within(holder, ...command) {
  must('nsenter', `--net=/proc/${holder.pid}/ns/net`, ...command);
}

function isElsewhere(pid, outer) {
  const space = (path) => spawnSync('readlink', [path], { encoding: 'utf8' }).stdout.trim();
  const inner = space(`/proc/${pid}/ns/net`);
  return inner !== '' && inner !== space(outer);
}

async function until(isSo, mostSeconds, what) {
  const end = now() + mostSeconds * 1000;
  while (!(await isSo())) {
    if (now() > end) throw new Error(`not within ${mostSeconds} s: ${what}`);
    await wait(50);
  }
}

/** As the callers have it. */
function now() {
  return performance.timeOrigin + performance.now();
}
