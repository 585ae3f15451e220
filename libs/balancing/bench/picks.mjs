// Picks per second of each picker, and bytes allocated for each pick (a large young generation: no collection hides them).
// npx nx build balancing && node --expose-gc --min-semi-space-size=64 libs/balancing/bench/picks.mjs [--json]
import { createBalancer, hashText } from '../dist/index.js';

const policies = ['round-robin', 'weighted-round-robin', 'least-request', 'peak-ewma', 'ring-hash'];
const sizes = [5, 100, 1000];
const picks = 500_000;
const rounds = 5;
const hashes = Array.from({ length: 1024 }, (_, index) => hashText(`user-${index}`));

/** A pick, and a call that starts and ends: every 64 calls overlap, so that loads differ. */
function run(balancer, startMs) {
  const running = new Array(64);
  for (let i = 0; i < picks; i++) {
    const nowMs = startMs + i / 50;
    const slot = i & 63;
    const ended = running[slot];
    if (ended !== undefined) balancer.callEnded(ended, nowMs, 1 + (i & 7), 'success');
    const host = balancer.pick(nowMs, hashes[i & 1023]);
    balancer.callStarted(host);
    running[slot] = host;
  }
  for (const host of running) balancer.callEnded(host, startMs + picks / 50, 1, 'success');
}

function measure(name, size) {
  const balancer = createBalancer({ policy: { name }, random: Math.random });
  const specs = Array.from({ length: size }, (_, i) => ({
    key: `10.0.${i >> 8}.${i & 255}:80`,
    weight: 1 + (i % 4),
  }));
  const updateAt = performance.now();
  balancer.update(specs, 0);
  const updateMs = performance.now() - updateAt;
  const rates = [];
  let bytes = Infinity;
  for (let round = 0; round <= rounds; round++) {
    globalThis.gc?.();
    const heap = process.memoryUsage().heapUsed;
    const at = performance.now();
    run(balancer, (round * picks) / 50);
    const seconds = (performance.now() - at) / 1000;
    bytes = Math.min(bytes, (process.memoryUsage().heapUsed - heap) / picks);
    // The first round warms up.
    if (round > 0) rates.push(picks / seconds);
  }
  // The fastest round: neighbours on the machine can only make a round slower.
  return {
    policy: name,
    hosts: size,
    millionPerSecond: Math.max(...rates) / 1e6,
    bytesPerPick: Math.max(0, bytes),
    updateMs,
  };
}

const results = policies.flatMap((name) => sizes.map((size) => measure(name, size)));
if (process.argv.includes('--json')) console.log(JSON.stringify(results));
else {
  console.table(
    results.map(({ policy, hosts, millionPerSecond, bytesPerPick, updateMs }) => ({
      policy,
      hosts,
      'million picks/s': millionPerSecond.toFixed(1),
      'bytes/pick': bytesPerPick.toFixed(1),
      'update, ms': updateMs.toFixed(1),
    })),
  );
}
