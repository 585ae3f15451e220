// What our policies cost a client, beside the stock round_robin of grpc-js, which is all that differs: the same calls,
// servers and resolver. Arms take turns, so that what else happens on the machine hits all of them.
//   node bench/client/run.mjs [--rounds 5] [--seconds 4]
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
});
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const servers = 3;
const arms = {
  round_robin: {},
  evenly_round_robin: {},
  evenly_weighted_round_robin: {},
  evenly_least_request: {},
  evenly_peak_ewma: {},
};

/** @returns the port of an echo-backend, and how to end it */
async function startServer() {
  const backend = path('../../apps/echo-backend/dist/main.js');
  const ports = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0'];
  const child = spawn(process.execPath, [backend, ...ports, '--exit-with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, what, port } = JSON.parse(line);
    if (event === 'listening' && what === 'grpc') return { port, stop: () => child.kill() };
  }
  throw new Error('a server ended before it listened');
}

async function measure(policy, target) {
  const options = {
    target,
    policy,
    concurrency: 50,
    warmupMs: 1000,
    measureMs: Number(values.seconds) * 1000,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [path('arm.mjs'), JSON.stringify(options)]);
  const result = JSON.parse(stdout);
  if (result.failed > 0) throw new Error(`${result.failed} calls failed`);
  return result;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const running = await Promise.all(Array.from({ length: servers }, startServer));
const target = `ipv4:${running.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
/** @type {Record<string, { callsPerS: number, cpuUsPerCall: number }[]>} */
const rounds = {};
for (let round = 0; round < Number(values.rounds); round++)
  for (const [name, config] of Object.entries(arms))
    (rounds[name] ??= []).push(await measure({ [name]: config }, target));
running.forEach(({ stop }) => stop());

const rows = Object.entries(rounds).map(([policy, results]) => {
  // Against the stock one of the same round, by pairs.
  const relative = (field) =>
    median(results.map((each, index) => each[field] / (rounds['round_robin']?.[index]?.[field] ?? NaN) - 1)) *
    100;
  return {
    policy,
    callsPerS: Math.round(median(results.map(({ callsPerS }) => callsPerS))),
    'calls/s against stock, %': Number(relative('callsPerS').toFixed(1)),
    cpuUsPerCall: Math.round(median(results.map(({ cpuUsPerCall }) => cpuUsPerCall))),
    'CPU per call against stock, %': Number(relative('cpuUsPerCall').toFixed(1)),
  };
});
console.table(rows);
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
await writeFile(
  path('../results/client.json'),
  `${JSON.stringify({ machine, ...values, rows, rounds }, undefined, 2)}\n`,
);
