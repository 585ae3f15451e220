import { median } from './statistics.ts';

export type FigureName =
  | 'jain'
  | 'maxToMin'
  | 'firstCallMs'
  | 'evenMs'
  | 'lostRestart'
  | 'restartMs'
  | 'lostKill'
  | 'p99SlowMs'
  | 'addedP50Ms'
  | 'addedP99Ms'
  | 'addedCpuUs'
  | 'connections';

/** What a figure is, and how far its rounds may be apart before it counts as not repeatable. */
export interface FigureKind {
  title: string;
  unit: string;
  digits: number;
  /** What a median may be off anyway, in its unit: below this, spread says nothing. */
  tolerance: number;
  /** For the head of a table. */
  short: string;
}

export const figureKinds: Record<FigureName, FigureKind> = {
  jain: { title: "evenness over pods (Jain's index)", short: 'Jain', unit: '', digits: 2, tolerance: 0.05 },
  maxToMin: { title: 'most calls to fewest', short: 'max/min', unit: '×', digits: 2, tolerance: 0.3 },
  firstCallMs: {
    title: 'first call of a new pod',
    short: 'first call',
    unit: 'ms',
    digits: 0,
    tolerance: 250,
  },
  evenMs: { title: 'shares even again, 3 → 5', short: 'even again', unit: 'ms', digits: 0, tolerance: 750 },
  lostRestart: {
    title: 'calls lost, rolling restart',
    short: 'lost: restart',
    unit: '',
    digits: 0,
    tolerance: 3,
  },
  restartMs: {
    title: 'rolling restart of all pods took',
    short: 'restart took',
    unit: 'ms',
    digits: 0,
    tolerance: 1500,
  },
  lostKill: { title: 'calls lost, a pod killed', short: 'lost: kill', unit: '', digits: 0, tolerance: 3 },
  p99SlowMs: {
    title: 'p99, one pod of five +200 ms',
    short: 'p99 slow pod',
    unit: 'ms',
    digits: 0,
    tolerance: 30,
  },
  addedP50Ms: { title: 'added latency, p50', short: '+p50', unit: 'ms', digits: 2, tolerance: 0.3 },
  addedP99Ms: { title: 'added latency, p99', short: '+p99', unit: 'ms', digits: 1, tolerance: 3 },
  addedCpuUs: { title: 'added CPU per call', short: '+CPU', unit: 'µs', digits: 0, tolerance: 100 },
  connections: { title: 'connections of the client', short: 'conns', unit: '', digits: 0, tolerance: 0 },
};

/** A figure over all rounds. A round that has none (not reached within the patience) is null. */
export interface Figure {
  values: (number | null)[];
  /** Of two middle rounds their mean. Null when half of the rounds or more have none. */
  median: number | null;
  min: number | null;
  max: number | null;
  /** False when the rounds are too far apart for the median to mean much. */
  repeatable: boolean;
}

/** Half of the median apart, and more than what does not matter. */
const maxRelativeSpread = 0.5;

export function figureOf(name: FigureName, values: readonly (number | null)[]): Figure {
  // What was not reached is more than anything that was.
  const all = values.map((value) => value ?? Infinity);
  const middle = median(all) ?? Infinity;
  const [min, max] = [Math.min(...all), Math.max(...all)];
  const near = max - min <= figureKinds[name].tolerance || min === max;
  const repeatable = near || (max < Infinity && max - min <= Math.abs(middle) * maxRelativeSpread);
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return { values: [...values], median: finite(middle), min: finite(min), max: finite(max), repeatable };
}
