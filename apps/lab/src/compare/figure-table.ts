import { figureKinds, type Figure, type FigureName, type Sample } from '../measure/figures.ts';

/** A figure of a scenario, as terminal and page show it. */
export interface Cell {
  figure: FigureName;
  /** The median; `~` before it when its rounds are too far apart; `–` and the letter of a note when it was not measured. */
  text: string;
  /** Of all rounds. */
  spread: string;
  /** Among the best, or the worst, of its column; see `ranks`. */
  rank?: 'best' | 'worst';
}

export interface FigureTable {
  figures: FigureName[];
  rows: { scenario: string; cells: Cell[] }[];
  /** Why something was not measured. */
  notes: { letter: string; text: string }[];
}

/** What of a result the table is made of. */
export interface Measured {
  name: string;
  figures: Partial<Record<FigureName, Figure>>;
  /** Why there is less than there should be. */
  error?: string;
}

/** Medians of all scenarios, best and worst of each column marked, with a note for whatever was not measured. */
export function figureTable(
  scenarios: readonly Measured[],
  figures: FigureName[] = Object.keys(figureKinds) as FigureName[],
): FigureTable {
  const letters = new Map<string, string>();
  const letterOf = (why: string) => {
    if (!letters.has(why)) letters.set(why, nthLetter(letters.size));
    return letters.get(why)!;
  };
  const ranked = new Map(figures.map((figure) => [figure, ranks(figure, scenarios)]));
  const rows = scenarios.map((scenario) => ({
    scenario: scenario.name,
    cells: figures.map((name): Cell => {
      const figure = scenario.figures[name];
      const why = whyMissing(scenario, name);
      const text = why === undefined ? figureText(name, figure!) : `– (${letterOf(why)})`;
      const rank = ranked.get(name)?.get(scenario.name);
      return { figure: name, text, spread: spreadText(name, figure), ...(rank && { rank }) };
    }),
  }));
  const notes = [...letters].map(([why, letter]) => ({ letter, text: `not measured: ${why}` }));
  return { figures, rows, notes };
}

/** undefined = it was measured. */
export function whyMissing({ figures, error }: Measured, name: FigureName): string | undefined {
  const figure = figures[name];
  return figure === undefined ? (error ?? 'it was not run') : figure.missing;
}

/** @param figure one that was measured */
export function figureText(name: FigureName, { median, beyond, repeatable }: Figure): string {
  const text = median === null ? (beyond ?? '–') : median.toFixed(figureKinds[name].digits);
  return `${repeatable === false ? '~' : ''}${text}`;
}

function spreadText(name: FigureName, figure: Figure | undefined): string {
  if (figure === undefined) return 'no rounds';
  const show = (sample: Sample) => {
    if (typeof sample === 'number') return sample.toFixed(figureKinds[name].digits);
    return 'beyond' in sample ? sample.beyond : 'not measured';
  };
  const { length } = figure.samples;
  return `${length} ${length === 1 ? 'round' : 'rounds'}: ${figure.samples.map(show).join(', ')}`;
}

/**
 * The best and the worst of a column. What is no further from them than what does not matter is as good, or as bad; a figure that is
 * not repeatable is neither; and where all are about the same, none is.
 */
export function ranks(
  name: FigureName,
  scenarios: readonly Measured[],
): ReadonlyMap<string, 'best' | 'worst'> {
  const { better, tolerance } = figureKinds[name];
  const sign = better === 'more' ? -1 : 1;
  const costs = scenarios.flatMap(({ name: scenario, figures }) => {
    const figure = figures[name];
    if (!figure || figure.missing !== undefined || figure.repeatable === false) return [];
    return [{ scenario, cost: figure.median === null ? Infinity : sign * figure.median }];
  });
  const all = costs.map(({ cost }) => cost);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  if (better === undefined || costs.length < 2 || !(most - least > tolerance)) return new Map();
  const rankOf = (cost: number) =>
    cost - least <= tolerance ? 'best' : cost === most || most - cost <= tolerance ? 'worst' : undefined;
  return new Map(
    costs.flatMap(({ scenario, cost }) => {
      const rank = rankOf(cost);
      return rank ? [[scenario, rank] as const] : [];
    }),
  );
}

/** a … z, then aa: more reasons than that nobody reads. */
const nthLetter = (n: number): string =>
  (n < 26 ? '' : nthLetter(Math.floor(n / 26) - 1)) + String.fromCharCode(97 + (n % 26));
