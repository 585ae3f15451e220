// The proxy beside its peers: `npm run bench:proxy`, see README.md.
//   node bench/proxy/run.mjs [--save] [--rounds 5] [--arms l7-proxy,envoy] [--loads '10×10;50×1 TLS'] [--key rsa]
//   node bench/proxy/run.mjs --before ../other-checkout [--rounds 20] [--loads '10×10;50×1']
// --reasons counts system calls, and what Node programs allocate, in one more round.
// --save keeps the result: JSON in bench/results, the tables in README.md, the chart beside it.
// --before has another checkout, built, as an arm beside ours, and tells how much more or less a call costs here.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { spread } from '../xds/statistics.mjs';
import { backends, prepareEnvoy, preparePingora, proxies, tlsPortOf } from './arms.mjs';
import { makeCertificate } from './certificate.mjs';
import { backendCommand, loads as allLoads, openLoop, prepareOpenLoop, prepareTools } from './loads.mjs';
import { idleConnections } from './idle-connections.mjs';
import { childOf, cpuMicros, peakMiB, start, stop, stopAll, switches, versionOf } from './processes.mjs';
import { countDuring, preparePerf } from './reasons.mjs';
import { print, save } from './report.mjs';

const { values } = parseArgs({
  options: {
    save: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    arms: { type: 'string' },
    before: { type: 'string' },
    loads: {
      type: 'string',
      default: [...allLoads.map(({ name }) => name), 'open loop', 'idle connections'].join(';'),
    },
    reasons: { type: 'boolean', default: false },
    key: { type: 'string', default: 'ecdsa' },
  },
});
const peers = ['haproxy', 'nginx', 'envoy', 'pingora', 'node-http2', 'forwarder'];
const wantedArms = values.arms?.split(',') ?? ['l7-proxy', ...(values.before === undefined ? peers : [])];
const rounds = Number(values.rounds);
const wanted = values.loads.split(';');
const loads = allLoads.filter(({ name }) => wanted.includes(name));
const callsPerSecond = 3000;
const openLoopSeconds = 2;

async function begin(arm, directory) {
  arm.child = await start(arm.command, tlsPortOf(arm.port), directory);
  arm.pid = arm.worksInChild ? childOf(arm.child) : arm.child;
}

async function measure(directory) {
  prepareTools();
  if (values.reasons) preparePerf();
  if (wanted.includes('open loop')) prepareOpenLoop();
  if (wantedArms.includes('envoy')) prepareEnvoy();
  if (wantedArms.includes('pingora')) preparePingora();
  makeCertificate(directory, values.key);
  const arms = proxies(directory, values.before, values.reasons).filter(
    ({ name }) => name === 'before' || wantedArms.includes(name),
  );
  const versions = Object.fromEntries(arms.map(({ name, version }) => [name, versionOf(version)]));
  for (const { name } of arms) {
    if (versions[name] === undefined) console.error(`left out, for it is not installed: ${name}`);
  }
  const there = arms.filter(({ name }) => versions[name] !== undefined);
  await start([backendCommand, ...backends], 50051, directory);
  for (const arm of there) await begin(arm, directory);
  const samples = [];
  // Round 0 is for compilers and connections to warm up. Arms take turns, so that a change of the machine meets all,
  // and every other round backwards, for the one that follows another is not like the one that comes first.
  for (let round = 0; round <= rounds; round++) {
    const turns = round % 2 === 0 ? there : there.toReversed();
    for (const { name, calls, run } of loads) {
      for (const arm of turns) {
        const before = { micros: cpuMicros(arm.pid), waits: switches(arm.pid) };
        const callsPerSecond = await run(arm.port, calls, directory);
        const micros = (cpuMicros(arm.pid) - before.micros) / calls;
        const waits = (switches(arm.pid) - before.waits) / calls;
        if (round > 0) samples.push({ load: name, arm: arm.name, round, micros, waits, callsPerSecond });
      }
    }
    if (!wanted.includes('open loop')) continue;
    for (const arm of there) {
      const latency = await openLoop(arm.port, callsPerSecond, openLoopSeconds);
      if (round > 0) samples.push({ load: 'open loop', arm: arm.name, round, ...latency });
    }
  }
  const reasons = [];
  if (values.reasons) {
    for (const { name, calls, run } of loads) {
      for (const { name: arm, pid, port, isNode } of there) {
        const load = () => run(port, calls, directory);
        const counts = Object.entries(await countDuring(pid, isNode, directory, load));
        const perCall = counts.map(([what, count]) => [
          what,
          count === undefined ? undefined : count / calls,
        ]);
        reasons.push({ load: name, arm, ...Object.fromEntries(perCall) });
      }
    }
  }
  const peakRssMiB = Object.fromEntries(there.map(({ name, pid }) => [name, Math.round(peakMiB(pid))]));
  if (wanted.includes('idle connections')) {
    for (const arm of there) {
      // Memory that the loads have left behind would hold a part of them.
      await stop(arm.child);
      await begin(arm, directory);
      const mebibytes = await idleConnections(arm.port, arm.pid);
      samples.push({ load: 'idle connections', arm: arm.name, round: 1, mebibytes });
    }
  }
  return { rounds, versions, peakRssMiB, samples, reasons };
}

const directory = mkdtempSync(join(tmpdir(), 'evenly-bench-proxy-'));
try {
  const result = await measure(directory);
  const of = (load, arm, field) =>
    spread(result.samples.filter((one) => one.load === load && one.arm === arm).map((one) => one[field]));
  print(result, of);
  if (values.save) await save(result, of);
} finally {
  stopAll();
  rmSync(directory, { recursive: true });
}
