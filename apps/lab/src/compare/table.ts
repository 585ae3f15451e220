import pc from 'picocolors';
import { figureKinds, type FigureName } from '../measure/figures.ts';
import { figureTable, type Cell } from './figure-table.ts';
import type { Recommendation } from './recommend.ts';
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
  'p99EwmaMs',
  'addedP50Ms',
  'addedP99Ms',
  'addedCpuUs',
  'connections',
];

const paint = { best: pc.green, worst: pc.red } as const;

/** The report for a terminal. */
export function reportTable({ scenarios, ...report }: Report): string {
  const { rows, notes } = figureTable(scenarios, columns);
  const heads = columns.map((name) => {
    const { short, unit } = figureKinds[name];
    return unit === '' ? short : `${short} ${unit}`;
  });
  const names = ['scenario', ...rows.map(({ scenario }) => scenario)];
  const nameWidth = Math.max(...names.map((name) => name.length));
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...rows.map(({ cells }) => cells[i]!.text.length)),
  );
  const line = (name: string, cells: readonly string[]) => [name.padEnd(nameWidth), ...cells].join('  ');
  const painted = ({ text, rank }: Cell, i: number) => {
    const padded = text.padStart(widths[i]!);
    return rank === undefined ? padded : paint[rank](padded);
  };
  const { machine, load, doubts, rounds, seed, seconds, partial, recommendations } = report;
  const busy = load.busyBefore === null ? 'unknown' : `${Math.round(load.busyBefore * 100)} %`;
  return [
    ...(partial ? [pc.yellow('PARTIAL: interrupted, what is missing was not run')] : []),
    ...doubts.map((doubt) => pc.yellow(`DO NOT TRUST THESE FIGURES: ${doubt}`)),
    pc.bold(
      line(
        'scenario',
        heads.map((head, i) => head.padStart(widths[i]!)),
      ),
    ),
    ...rows.map(({ scenario, cells }) => line(scenario, cells.map(painted))),
    ...notes.map(({ letter, text }) => `(${letter}) ${text}`),
    '',
    `Medians of ${roundsText(scenarios, rounds)}. Seed ${seed}, ${seconds} s,`,
    `${machine.cores} × ${machine.cpu}, Node ${machine.node}, CPU busy before ${busy}.`,
    ...scenarios.flatMap(({ name, shares }) => (shares ? [sharesText(name, shares)] : [])),
    ...scenarios.flatMap(({ name, scaledProxies }) =>
      scaledProxies ? [`${name}: ${scaledProxiesText(scaledProxies)}`] : [],
    ),
    ...scenarios.flatMap(({ name, error }) => (error === undefined ? [] : [pc.red(`${name}: ${error}`)])),
    ...recommendationText(recommendations, doubts.length > 0),
  ].join('\n');
}

function recommendationText(recommendations: readonly Recommendation[], isDoubtful: boolean): string[] {
  if (recommendations.length === 0) return [];
  const lines = recommendations.flatMap(({ need, scenarios, because }) => [
    `  ${need}: ${pc.bold(scenarios.join(', ') || 'cannot be said')}`,
    pc.dim(`    ${because}`),
  ]);
  const heading = isDoubtful ? 'Take, by figures that cannot be trusted, if' : 'Take, by these figures, if';
  return ['', pc.bold(`${heading} …`), ...lines];
}

/** How far the rounds can be relied on; when time ran short, not all have as many as were wanted. */
function roundsText(scenarios: readonly ScenarioResult[], wanted: number): string {
  const fewest = Math.min(
    wanted,
    ...scenarios.filter(({ error }) => error === undefined).map((each) => each.rounds),
  );
  if (wanted === 1) return 'one round, so that nobody knows whether it is repeatable';
  const short =
    fewest === wanted ? `${wanted} rounds` : `${fewest} to ${wanted} rounds (time ran short: --within)`;
  return `${short}; ~ = they are too far apart for it to be repeatable`;
}

function sharesText(name: string, shares: NonNullable<ScenarioResult['shares']>): string {
  const steps = shares.map(({ wanted, got, header }) => {
    const measured = got === null ? 'not measured: no call succeeded' : `${got} %`;
    return header === undefined ? `${wanted} % → ${measured}` : `calls with ${header} → ${measured}`;
  });
  return `${name}: share of the new version, wanted → measured: ${steps.join(', ')}`;
}
