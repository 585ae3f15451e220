import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { armNames } from './arms.mjs';
import { spread } from './statistics.mjs';

/** What the figures depend on. */
export function machineFacts() {
  const git = (...args) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' and changes'),
    cpu: os.cpus()[0]?.model.trim(),
    cores: os.cpus().length,
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    loadAverage: os.loadavg(),
  };
}

const fixed = (value, digits = 0) => value.toFixed(digits);
const range = ({ median, min, max }, digits) =>
  `${fixed(median, digits)} (${fixed(min, digits)}–${fixed(max, digits)})`;

/** A row for each size and arm: medians over the rounds, with their spread. */
export function fanOutTable(cells) {
  const header = [
    'clients × endpoints, by',
    'server',
    'CPU µs per client and push',
    '× LinearCache',
    'p50 ms to last ACK',
    'p99 ms',
    'RSS KB per stream',
    'pushes',
  ];
  const sizes = [...new Set(cells.map(sizeOf))];
  const rows = sizes.flatMap((size) => {
    const ofSize = cells.filter((cell) => sizeOf(cell) === size);
    return [...new Set(ofSize.map(({ arm }) => arm))].map((arm) => rowOf(size, arm, ofSize));
  });
  return { header, rows };
}

const sizeOf = ({ clients, endpoints, load }) => `${clients} × ${endpoints}, ${load}`;

function rowOf(size, arm, ofSize) {
  const own = ofSize.filter((cell) => cell.arm === arm);
  const over = (field, digits = 0, unit = 1) => range(spread(own.map((cell) => cell[field] / unit)), digits);
  // Within a round, for the machine is not the same from round to round.
  const ratios = own.flatMap(({ round, cpuMicros }) => {
    const linear = ofSize.find((cell) => cell.arm === 'linear' && cell.round === round);
    return linear === undefined ? [] : [cpuMicros / linear.cpuMicros];
  });
  return [
    size,
    armNames[arm],
    over('cpuMicros'),
    ratios.length === 0 ? '' : range(spread(ratios), 2),
    over('p50Ms'),
    over('p99Ms'),
    over('rssPerStreamBytes', 0, 1024),
    String(own.reduce((sum, { pushes }) => sum + pushes, 0)),
  ];
}

export function markdown({ header, rows }) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

export function plain({ header, rows }) {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}

/** Puts the result beside the others, and its table between the marks of that name in the README. */
export function save(name, result, text) {
  const file = new URL(`../results/xds-${name}.json`, import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  const readme = new URL('README.md', import.meta.url);
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = readFileSync(readme, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no place for ${name}`);
  writeFileSync(readme, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`);
  execFileSync('npx', ['prettier', '--write', fileURLToPath(readme)]);
}
