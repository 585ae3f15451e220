// Medians and ratios of what bench.sh measured: bench-table.mjs FILE
import { readFileSync } from 'node:fs';

const lines = readFileSync(process.argv[2] ?? '', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const median = (values) => values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

/**
 * What a row is about, of which lines, and the ratio that is wanted at most.
 * @type {[what: string, which: RegExp, valueOf: (one: any) => number, wanted?: number | 'none'][]}
 */
const rows = [
  ['change → obeyed, median, ms', /^weights, \d+ changes$/, (one) => one.ms_from_apply_end.median, 0.5],
  ['the same, worst, ms', /^weights, \d+ changes$/, (one) => one.ms_from_apply_end.max, 0.5],
  ['with the routes there, median, ms', /routes there$/, (one) => one.ms_from_apply_end.median, 0.5],
  ['the same, worst, ms', /routes there$/, (one) => one.ms_from_apply_end.max, 0.5],
  ['all routes accepted, ms after the apply', /GRPCRoutes/, (one) => one.all_accepted_ms - one.apply_ms],
  ['CPU of the control plane for them, s', /GRPCRoutes/, (one) => one.control_plane_cpu_s, 0.5],
  ['RSS of the control plane, highest, MB', /GRPCRoutes/, (one) => one.rss_mb_peak, 0.7],
  ['RSS that they added, MB', /GRPCRoutes/, (one) => one.rss_mb_after - one.rss_mb_before],
  ['calls that failed, all rounds', /^weights/, (one) => one.errors, 'none'],
  [
    'old answers after the first new one, all rounds',
    /^weights/,
    (one) => one.changes_with_an_old_answer_after_the_first_new,
    'none',
  ],
];

console.log(`${''.padEnd(52)}${'evenly'.padStart(10)}${'istio'.padStart(10)}${'ratio'.padStart(8)}  wanted`);
for (const [what, which, valueOf, wanted] of rows) {
  const of = (name) => lines.filter((one) => one.class === name && which.test(one.what)).map(valueOf);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const value = (name) => (wanted === 'none' ? sum(of(name)) : median(of(name)));
  const [ours, theirs] = [value('evenly'), value('istio')];
  const ratio = wanted === 'none' ? '' : (ours / theirs).toFixed(2);
  const limit = wanted === 'none' ? '0' : wanted === undefined ? '' : `≤ ${wanted}`;
  const shown = (number) => String(Math.round(number * 100) / 100).padStart(10);
  console.log(`${what.padEnd(52)}${shown(ours)}${shown(theirs)}${ratio.padStart(8)}  ${limit}`);
}
