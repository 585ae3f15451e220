import pc from 'picocolors';
import { figureKinds, type Figure, type FigureName } from '../measure/figures.ts';
import type { Report, ScenarioResult } from './report.ts';
import { scaledProxiesText } from './scaled-proxies.ts';

const columns: FigureName[] = [
  'jain',
  'maxToMin',
  'firstCallMs',
  'evenMs',
  'lostRestart',
  'lostKill',
  'p99SlowMs',
  'addedP50Ms',
  'addedP99Ms',
  'addedCpuUs',
  'connections',
];

/** A figure for people: its median; `~` before it when its rounds are too far apart; what is absent, in words. */
export function figureText(name: FigureName, figure: Figure | undefined, patienceS: number): string {
  if (!figure) return '–';
  const { digits } = figureKinds[name];
  const isTime = name === 'firstCallMs' || name === 'evenMs';
  const known = figure.median === null ? (isTime ? `>${patienceS} s` : '∞') : figure.median.toFixed(digits);
  return `${figure.repeatable ? '' : '~'}${known}`;
}

/** The report for a terminal. */
export function reportTable({ scenarios, ...report }: Report): string {
  const heads = columns.map((name) => {
    const { short, unit } = figureKinds[name];
    return unit === '' ? short : `${short} ${unit}`;
  });
  const rows = scenarios.map((scenario) => rowOf(scenario));
  const all = [['scenario', ...heads], ...rows];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  const { machine, rounds, seed, seconds, partial } = report;
  return [
    ...(partial ? [pc.yellow('PARTIAL: interrupted, what is missing was not run')] : []),
    pc.bold(line(all[0]!)),
    ...rows.map(line),
    '',
    `Medians of ${roundsText(scenarios, rounds)}; ~ = the rounds are too far apart for it to be repeatable. Seed ${seed}, ${seconds} s,`,
    `${machine.cores} × ${machine.cpu}, Node ${machine.node}, load before ${machine.loadBefore}.`,
    ...scenarios.flatMap(({ name, shares }) => (shares ? [sharesText(name, shares)] : [])),
    ...scenarios.flatMap(({ name, scaledProxies }) =>
      scaledProxies ? [`${name}: ${scaledProxiesText(scaledProxies)}`] : [],
    ),
    ...scenarios.flatMap(({ name, error }) => (error === undefined ? [] : [pc.red(`${name}: ${error}`)])),
  ].join('\n');
}

/** When time ran short, not all have as many as were wanted. */
function roundsText(scenarios: readonly ScenarioResult[], wanted: number): string {
  const fewest = Math.min(
    wanted,
    ...scenarios.filter(({ error }) => error === undefined).map((each) => each.rounds),
  );
  return fewest === wanted ? `${wanted} rounds` : `${fewest} to ${wanted} rounds (time ran short: --within)`;
}

const rowOf = ({ name, figures, patienceS }: ScenarioResult) => [
  name,
  ...columns.map((column) => figureText(column, figures[column], patienceS)),
];

function sharesText(name: string, shares: NonNullable<ScenarioResult['shares']>): string {
  const steps = shares.map(({ wanted, got, header }) =>
    header === undefined ? `${wanted} % → ${got} %` : `calls with ${header} → ${got} %`,
  );
  return `${name}: share of the new version, wanted → measured: ${steps.join(', ')}`;
}
