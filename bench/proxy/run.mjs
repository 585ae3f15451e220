// CPU per call of the proxy and its peers, side by side: `node bench/proxy/run.mjs` (after `npx nx build l7-proxy`).
// Needs Linux, Go and h2load; peers that are not on the PATH (haproxy, nginx, envoy; $ENVOY for another binary) are left out.
// ROUNDS=5, ARM=l7-proxy,envoy, LOAD=10x10 choose less or more. The arms take turns in each round; CPU comes from /proc, so a
// busy neighbour does not change it much. Results: bench/results/proxy.json.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const here = (name) => new URL(name, import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'evenly-bench-'));
const rounds = Number(process.env.ROUNDS ?? 5);
const ticksPerSecond = 100; // USER_HZ of Linux
const backends = ['127.0.0.1:50051', '127.0.0.2:50051'];

const loads = [
  { name: '10x10', connections: 10, streams: 10, calls: 50_000, bytes: 100 },
  { name: '4x64', connections: 4, streams: 64, calls: 50_000, bytes: 100 },
  { name: '50x1', connections: 50, streams: 1, calls: 20_000, bytes: 100 },
  { name: '1x1', connections: 1, streams: 1, calls: 4_000, bytes: 100 },
  { name: '10x10-64KB', connections: 10, streams: 10, calls: 4_000, bytes: 65_536 },
].filter(({ name }) => chosen('LOAD', name));

const envoy = process.env.ENVOY ?? 'envoy';
const proxyMain = here('../../apps/l7-proxy/dist/main.js');
const arms = [
  {
    name: 'l7-proxy',
    port: 18090,
    command: [process.execPath, proxyMain, '--config', here('l7-proxy.yaml'), '--log-level', 'error'],
  },
  {
    name: 'haproxy',
    port: 18092,
    command: ['haproxy', '-f', here('peers/haproxy.cfg'), '-db'],
    version: ['haproxy', '-v'],
  },
  {
    name: 'nginx',
    port: 18093,
    command: ['nginx', '-c', here('peers/nginx.conf')],
    version: ['nginx', '-v'],
    worker: true,
  },
  {
    name: 'envoy',
    port: 18094,
    command: [envoy, '-c', here('peers/envoy.yaml'), '--concurrency', '1', '--log-level', 'error'],
    version: [envoy, '--version'],
  },
  {
    name: 'node-http2',
    port: 18095,
    command: [process.execPath, here('peers/node-http2.mjs'), '18095', ...backends],
  },
].filter(({ name, version }) => chosen('ARM', name) && (version === undefined || isThere(version)));

function chosen(variable, name) {
  return process.env[variable] === undefined || process.env[variable].split(',').includes(name);
}

function isThere([file, ...args]) {
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return true;
  } catch {
    console.error(`left out: ${file} (not found)`);
    return false;
  }
}

const children = [];
async function start(command, port) {
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`${command[0]} ended with ${child.exitCode}`);
    if (await accepts(port)) return child;
    await delay(50);
  }
  throw new Error(`${command[0]} does not listen on ${port}`);
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}

/** nginx works in a child of the process that is started. */
function workerOf(pid) {
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
  return Number(child || pid);
}

function cpuMicros(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

function peakMiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024);
}

/** A file with one gRPC message of `bytes` in all. */
function bodyFile(bytes) {
  const body = Buffer.alloc(bytes, 'x');
  body[0] = 0;
  body.writeUInt32BE(bytes - 5, 1);
  const file = join(directory, `body-${bytes}`);
  writeFileSync(file, body);
  return file;
}

/** @returns calls per second */
function h2load(port, { connections, streams, bytes }, calls) {
  const args = ['-n', calls, '-c', connections, '-m', streams, '-d', bodyFile(bytes)];
  args.push('-H', 'content-type: application/grpc', '-H', 'te: trailers');
  args.push(`http://127.0.0.1:${port}/echo.Echo/Say`);
  return new Promise((resolve, reject) => {
    const child = spawn('h2load', args.map(String));
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('exit', () => {
      const succeeded = Number(/(\d+) succeeded/.exec(text)?.[1]);
      if (succeeded !== calls)
        return reject(new Error(`h2load on ${port}: ${succeeded} of ${calls}\n${text}`));
      resolve(Number(/, ([\d.]+) req\/s/.exec(text)[1]));
    });
  });
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (value) => Number(value.toFixed(1));
  return {
    median: round(sorted[Math.floor(sorted.length / 2)]),
    min: round(sorted[0]),
    max: round(sorted.at(-1)),
  };
}

async function measure() {
  const backend = join(directory, 'backend');
  execFileSync('go', ['build', '-o', backend, '.'], { cwd: here('backend'), stdio: 'inherit' });
  await start([backend, ...backends], 50051);
  for (const arm of arms) {
    const { pid } = await start(arm.command, arm.port);
    arm.pid = arm.worker ? workerOf(pid) : pid;
  }
  const results = [];
  for (const load of loads) {
    const figures = new Map(arms.map(({ name }) => [name, { micros: [], rate: [] }]));
    for (const arm of arms) await h2load(arm.port, load, Math.ceil(load.calls / 4)); // to be compiled and connected
    for (let round = 0; round < rounds; round++) {
      for (const { name, port, pid } of arms) {
        const before = cpuMicros(pid);
        figures.get(name).rate.push(await h2load(port, load, load.calls));
        figures.get(name).micros.push((cpuMicros(pid) - before) / load.calls);
      }
    }
    for (const [arm, { micros, rate }] of figures) {
      const result = { load: load.name, arm, cpuMicrosPerCall: spread(micros), callsPerSecond: spread(rate) };
      results.push(result);
      const { median, min, max } = result.cpuMicrosPerCall;
      const perSecond = Math.round(result.callsPerSecond.median);
      console.log(`${load.name} | ${arm} | ${median} µs per call (${min}–${max}) | ${perSecond} calls/s`);
    }
  }
  const rssPeakMiB = Object.fromEntries(arms.map(({ name, pid }) => [name, peakMiB(pid)]));
  console.log(`peak RSS, MiB: ${JSON.stringify(rssPeakMiB)}`);
  mkdirSync(here('../results'), { recursive: true });
  const machine = { cpus: cpus().length, node: process.version };
  const file = here('../results/proxy.json');
  writeFileSync(file, `${JSON.stringify({ rounds, machine, rssPeakMiB, results }, null, 2)}\n`);
}

try {
  await measure();
} finally {
  for (const child of children) child.kill();
  rmSync(directory, { recursive: true });
}
