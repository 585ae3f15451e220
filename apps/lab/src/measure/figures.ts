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
  | 'p99EwmaMs'
  | 'addedP50Ms'
  | 'addedP99Ms'
  | 'addedCpuUs'
  | 'connections'
  | 'parts';

/** What a figure is, and how far its rounds may be apart before it counts as not repeatable. */
export interface FigureKind {
  title: string;
  unit: string;
  digits: number;
  /** What a median may be off anyway, in its unit: below this, spread says nothing. */
  tolerance: number;
  /** For the head of a table. */
  short: string;
  /** Absent: neither more nor less of it is better. */
  better?: 'less' | 'more';
}

export const figureKinds: Record<FigureName, FigureKind> = {
  jain: {
    ...{ title: "evenness over pods (Jain's index)", short: 'Jain', unit: '', digits: 2 },
    ...{ tolerance: 0.05, better: 'more' },
  },
  maxToMin: {
    ...{ title: 'most calls to fewest', short: 'max/min', unit: '×', digits: 2 },
    ...{ tolerance: 0.3, better: 'less' },
  },
  firstCallMs: {
    ...{ title: 'first call of a new pod', short: 'first call', unit: 'ms', digits: 0 },
    ...{ tolerance: 250, better: 'less' },
  },
  evenMs: {
    ...{ title: 'shares even again, 3 → 5', short: 'even again', unit: 'ms', digits: 0 },
    ...{ tolerance: 750, better: 'less' },
  },
  lostRestart: {
    ...{ title: 'calls lost, rolling restart', short: 'lost: restart', unit: '', digits: 0 },
    ...{ tolerance: 3, better: 'less' },
  },
  restartMs: {
    ...{ title: 'rolling restart of all pods took', short: 'restart took', unit: 'ms', digits: 0 },
    ...{ tolerance: 1500 },
  },
  lostKill: {
    ...{ title: 'calls lost, a pod killed', short: 'lost: kill', unit: '', digits: 0 },
    ...{ tolerance: 3, better: 'less' },
  },
  p99SlowMs: {
    ...{ title: 'p99, one pod of five +200 ms', short: 'p99 slow pod', unit: 'ms', digits: 0 },
    ...{ tolerance: 30, better: 'less' },
  },
  p99EwmaMs: {
    ...{ title: 'the same p99 with peak EWMA', short: '… peak EWMA', unit: 'ms', digits: 0 },
    ...{ tolerance: 30, better: 'less' },
  },
  addedP50Ms: {
    ...{ title: 'added latency, p50', short: '+p50', unit: 'ms', digits: 2 },
    ...{ tolerance: 0.3, better: 'less' },
  },
  addedP99Ms: {
    ...{ title: 'added latency, p99', short: '+p99', unit: 'ms', digits: 1 },
    ...{ tolerance: 3, better: 'less' },
  },
  addedCpuUs: {
    ...{ title: 'added CPU per call', short: '+CPU', unit: 'µs', digits: 0 },
    ...{ tolerance: 100, better: 'less' },
  },
  connections: {
    ...{ title: 'connections of the client', short: 'conns', unit: '', digits: 0 },
    ...{ tolerance: 0 },
  },
  parts: {
    ...{ title: 'programs besides client and pods', short: 'parts', unit: '', digits: 0 },
    ...{ tolerance: 0, better: 'less' },
  },
};

/**
 * What a round found: a number; in words, when it was more than can be measured (`> 6 s`); or why nothing was measured, which is
 * no result at all and counts for nothing.
 */
export type Sample = number | { beyond: string } | { missing: string };

/** A figure over all rounds. */
export interface Figure {
  samples: Sample[];
  /** Of two middle rounds their mean. Null when half of the measured rounds or more are beyond what can be measured, or none was. */
  median: number | null;
  /** In words, when the middle one is beyond what can be measured. */
  beyond?: string;
  /** Why no round has measured it. */
  missing?: string;
  min: number | null;
  max: number | null;
  /** False when the rounds are too far apart for the median to mean much; null with fewer than two: nobody knows. */
  repeatable: boolean | null;
}

/** Half of the median apart, and more than what does not matter. */
const maxRelativeSpread = 0.5;

export function figureOf(name: FigureName, samples: readonly Sample[]): Figure {
  const measured = samples.filter((sample) => !isMissing(sample));
  const whys = new Set(samples.filter(isMissing).map(({ missing }) => missing));
  const none = { samples: [...samples], median: null, min: null, max: null, repeatable: null };
  if (measured.length === 0) return { ...none, missing: [...whys].join('; ') || 'no round came to its end' };

  const all = measured.map((sample) => (typeof sample === 'number' ? sample : Infinity));
  const middle = median(all)!;
  const [min, max] = [Math.min(...all), Math.max(...all)];
  const near = min === max || max - min <= figureKinds[name].tolerance;
  const isRepeatable = near || (max < Infinity && max - min <= Math.abs(middle) * maxRelativeSpread);
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  const beyond = measured.find((sample) => typeof sample !== 'number');
  return {
    samples: [...samples],
    median: finite(middle),
    ...(middle === Infinity && beyond),
    min: finite(min),
    max: finite(max),
    repeatable: measured.length < 2 ? null : isRepeatable,
  };
}

const isMissing = (sample: Sample): sample is { missing: string } =>
  typeof sample === 'object' && 'missing' in sample;

/** A value that may not be there, as a sample. @param why it is not */
export const sampleOf = (value: number | undefined, why: string): Sample =>
  value !== undefined && Number.isFinite(value) ? value : { missing: why };
