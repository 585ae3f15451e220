import { arms } from './arms.mjs';
import { loadClients, measure } from './measure.mjs';
import { fanOutTable, machineFacts, markdown, plain, save } from './report.mjs';

const plan = { minPushes: 10, maxPushes: 40, budgetMs: 4000 };

/**
 * Every arm at every size with every load client, a fresh process each; the arms take turns within a round, and who begins
 * changes.
 */
export async function fanOut({
  rounds,
  sizes,
  arms: names = Object.keys(arms),
  loads = Object.keys(loadClients),
  save: keep,
}) {
  const loaded = sizes.flatMap((size) => loads.map((load) => ({ ...size, load })));
  const machine = machineFacts();
  const cells = [];
  for (let round = 1; round <= rounds; round++) {
    for (const size of loaded) {
      for (const arm of rotated(names, round)) {
        const figures = await measure(await arms[arm](size.endpoints), size, plan);
        cells.push({ round, arm, ...size, ...figures });
        const { cpuMicros, p50Ms, p99Ms } = figures;
        console.log(
          `round ${round}: ${size.clients} × ${size.endpoints} by ${size.load}: ${arm}: ${cpuMicros.toFixed(0)} µs per client and push,`,
          `last ACK p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`,
        );
      }
    }
  }
  const ordered = loaded.flatMap((size) =>
    names.flatMap((arm) => cells.filter((cell) => cell.arm === arm && sameSize(cell, size))),
  );
  const table = fanOutTable(ordered);
  console.log(`\n${plain(table)}`);
  if (keep) save('fanout', { machine, rounds: cells }, markdown(table));
}

const sameSize = (a, b) => a.clients === b.clients && a.endpoints === b.endpoints && a.load === b.load;

const rotated = (list, by) => list.map((_, i) => list[(i + by) % list.length]);
