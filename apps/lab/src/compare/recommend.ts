import { figureKinds, type FigureName } from '../measure/figures.ts';
import { figureText, whyMissing, type Measured } from './figure-table.ts';

/** For a need: what did best in this run. */
export interface Recommendation {
  need: string;
  /** The best, the best one first; none when this run cannot say. */
  scenarios: string[];
  /** The figures that say so, or why none does. */
  because: string;
}

interface Need {
  need: string;
  figure: FigureName;
  /** Only of those that get calls to new pods at all: one that does not costs little because it does little. */
  ofThoseWithNewPods?: true;
}

const needs: readonly Need[] = [
  { need: 'new pods get calls soonest', figure: 'firstCallMs' },
  { need: 'shares are even again soonest', figure: 'evenMs' },
  { need: 'a rolling restart loses the fewest calls', figure: 'lostRestart' },
  { need: 'a killed pod loses the fewest calls', figure: 'lostKill' },
  { need: 'slow pods are avoided, as it comes', figure: 'p99SlowMs' },
  { need: 'slow pods are avoided, with peak EWMA', figure: 'p99EwmaMs' },
  { need: 'calls are quickest', figure: 'addedP99Ms', ofThoseWithNewPods: true },
  { need: 'calls cost the least CPU', figure: 'addedCpuUs', ofThoseWithNewPods: true },
  { need: 'fewest moving parts', figure: 'parts', ofThoseWithNewPods: true },
];

/** What to take for which need, by the figures of this run alone. */
export function recommend(scenarios: readonly Measured[]): Recommendation[] {
  return scenarios.length < 2 ? [] : needs.map((need) => forNeed(need, scenarios));
}

function forNeed({ need, figure, ofThoseWithNewPods }: Need, scenarios: readonly Measured[]): Recommendation {
  const { tolerance } = figureKinds[figure];
  const among = ofThoseWithNewPods
    ? scenarios.filter(({ figures }) => typeof figures.firstCallMs?.median === 'number')
    : scenarios;
  const known = among.filter((each) => whyMissing(each, figure) === undefined);
  const none = (because: string) => ({ need, scenarios: [], because });
  if (among.length === 0) return none('new pods got no calls in any of them, or it was not measured');
  if (known.length === 0) return none(`not measured: ${whyMissing(among[0]!, figure)!}`);

  const sure = known.flatMap(({ name, figures }) => {
    const { median, repeatable } = figures[figure]!;
    return median === null || repeatable === false ? [] : [{ name, median }];
  });
  if (sure.length === 0) return none('none came to a figure that its rounds repeat');
  sure.sort((a, b) => a.median - b.median);
  const best = sure.filter(({ median }) => median - sure[0]!.median <= tolerance);
  const others = known.filter(({ name }) => !best.some((one) => one.name === name));
  const withUnit = (text: string) =>
    /\d$/.test(text) ? `${text} ${figureKinds[figure].unit}`.trimEnd() : text;
  const show = ({ name, figures }: Measured) => `${name} ${withUnit(figureText(figure, figures[figure]!))}`;
  const named = best.map(({ name }) => known.find((one) => one.name === name)!);
  const than = others.length === 0 ? 'all about the same' : `the others ${others.map(show).join(', ')}`;
  return {
    need,
    scenarios: best.map(({ name }) => name),
    because: `${figureKinds[figure].title}: ${named.map(show).join(', ')}; ${than}`,
  };
}
