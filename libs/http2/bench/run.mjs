// CPU per call of a forwarder on the engine against node:http2 in and out: `npm run bench` (needs h2load and /proc).
// Measures the forwarder's process alone, so a busy neighbour does not change the figure much.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const rounds = Number(process.env.ROUNDS ?? 3);
const here = (name) => new URL(name, import.meta.url).pathname;
const ticksPerSecond = 100; // USER_HZ of Linux
const body = join(tmpdir(), `evenly-bench-${process.pid}`);
const loads = [
  { name: '10x10', connections: 10, streams: 10, calls: 100_000, bytes: 100 },
  { name: '4x64', connections: 4, streams: 64, calls: 100_000, bytes: 100 },
  { name: '50x1', connections: 50, streams: 1, calls: 50_000, bytes: 100 },
  { name: '1x1', connections: 1, streams: 1, calls: 5_000, bytes: 100 },
  { name: '10x10, 64 KB', connections: 10, streams: 10, calls: 5_000, bytes: 65_536 },
].filter((load) => !process.env.LOAD || load.name === process.env.LOAD);

function start(script, ...args) {
  const child = spawn(process.execPath, [here(script), ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve) => child.stdout.once('data', () => resolve(child)));
}

function cpuMicros(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

function h2load(port, load, calls) {
  const args = [
    '-n',
    calls,
    '-c',
    load.connections,
    '-m',
    load.streams,
    '-d',
    body,
    `http://127.0.0.1:${port}/echo.Echo/Say`,
  ];
  args.push('-H', 'content-type: application/grpc', '-H', 'te: trailers');
  return new Promise((resolve, reject) => {
    const child = spawn('h2load', args.map(String));
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('exit', () => {
      const [, done] = /(\d+) succeeded/.exec(text) ?? [];
      if (Number(done) !== calls) return reject(new Error(`h2load: ${text}`));
      const [, rate] = /, ([\d.]+) req\/s/.exec(text) ?? [];
      resolve(Number(rate));
    });
  });
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const backend = await start('echo-backend.mjs', 18811);
const arms = { engine: 'forwarder.mjs', 'node:http2': 'node-forwarder.mjs' };
let port = 18812;
for (const load of loads) {
  writeFileSync(body, Buffer.alloc(load.bytes, 'x'));
  /** @type {Record<string, { micros: number[], rate: number[] }>} */
  const results = {};
  for (let round = 0; round < rounds; round++) {
    for (const [arm, script] of Object.entries(arms)) {
      if (process.env.ARM && process.env.ARM !== arm) continue;
      const forwarder = await start(script, ++port, 18811);
      const calls = arm === 'engine' ? load.calls : load.calls / 5;
      await h2load(port, load, Math.ceil(calls / 5));
      const before = cpuMicros(forwarder.pid);
      const result = (results[arm] ??= { micros: [], rate: [] });
      result.rate.push(await h2load(port, load, calls));
      result.micros.push((cpuMicros(forwarder.pid) - before) / calls);
      forwarder.kill();
    }
  }
  for (const [arm, { micros, rate }] of Object.entries(results)) {
    const spread = `${Math.min(...micros).toFixed(1)}-${Math.max(...micros).toFixed(1)}`;
    console.log(
      `${load.name} | ${arm} | ${median(micros).toFixed(1)} µs per call (${spread}) | ${Math.round(median(rate))} calls/s`,
    );
  }
}
backend.kill();
rmSync(body);
