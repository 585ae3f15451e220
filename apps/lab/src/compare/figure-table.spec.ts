import { describe, expect, it } from 'vitest';
import { figureOf, type FigureName, type Sample } from '../measure/figures.ts';
import { figureTable, ranks, type Measured } from './figure-table.ts';
import { recommend } from './recommend.ts';

function measured(name: string, samples: Partial<Record<FigureName, Sample[]>>, error?: string): Measured {
  const figures = Object.entries(samples).map(([figure, values]) => [
    figure,
    figureOf(figure as FigureName, values),
  ]);
  return {
    name,
    figures: Object.fromEntries(figures) as Measured['figures'],
    ...(error !== undefined && { error }),
  };
}

const textsOf = (scenarios: Measured[], figures: FigureName[]) =>
  figureTable(scenarios, figures).rows.map(({ cells }) => cells.map(({ text }) => text));

describe('the table of figures', () => {
  it('has what was measured, and what is beyond measure in its words', () => {
    const scenarios = [
      measured('a', { firstCallMs: [50, 60], maxToMin: [{ beyond: '40:0' }] }),
      measured('b', { firstCallMs: [{ beyond: '> 6 s' }, { beyond: '> 6 s' }], maxToMin: [1.5] }),
      measured('c', { firstCallMs: [50, 5000] }),
    ];
    expect(textsOf(scenarios, ['firstCallMs'])).toEqual([['55'], ['> 6 s'], ['~2525']]);
    expect(textsOf(scenarios.slice(0, 2), ['maxToMin'])).toEqual([['40:0'], ['1.50']]);
  });

  it('says of what was not measured why, and once for all that have the same reason', () => {
    const missing = 'the client made no calls';
    const scenarios = [
      measured('a', { lostKill: [{ missing }] }, 'interrupted'),
      measured('b', { lostKill: [{ missing }] }),
    ];
    const { rows, notes } = figureTable(scenarios, ['lostKill', 'evenMs']);
    expect(rows.map(({ cells }) => cells.map(({ text }) => text))).toEqual([
      ['– (a)', '– (b)'],
      ['– (a)', '– (c)'],
    ]);
    expect(notes).toEqual([
      { letter: 'a', text: `not measured: ${missing}` },
      { letter: 'b', text: 'not measured: interrupted' },
      { letter: 'c', text: 'not measured: it was not run' },
    ]);
    expect(JSON.stringify(rows)).not.toContain('∞');
  });

  it('marks best and worst of a column, but what is about the same or cannot be repeated not', () => {
    const scenarios = [
      measured('best', { firstCallMs: [50] }),
      measured('as good', { firstCallMs: [200] }),
      measured('between', { firstCallMs: [2000] }),
      measured('doubtful', { firstCallMs: [1, 9000] }),
      measured('worst', { firstCallMs: [{ beyond: '> 6 s' }] }),
      measured('unknown', { firstCallMs: [{ missing: 'x' }] }),
    ];
    expect(Object.fromEntries(ranks('firstCallMs', scenarios))).toEqual({
      ...{ best: 'best', 'as good': 'best', worst: 'worst' },
    });
    expect(ranks('firstCallMs', scenarios.slice(0, 2))).toEqual(new Map());
    const even = [measured('a', { jain: [1] }), measured('b', { jain: [0.3] })];
    expect(Object.fromEntries(ranks('jain', even))).toEqual({ a: 'best', b: 'worst' });
  });
});

describe('recommendations', () => {
  const scenarios = [
    measured('one connection', { firstCallMs: [{ beyond: '> 6 s' }], addedCpuUs: [5], p99SlowMs: [210] }),
    measured('proxy', { firstCallMs: [1500], addedCpuUs: [300], p99SlowMs: [29] }),
    measured('client', { firstCallMs: [40], addedCpuUs: [20], p99SlowMs: [212] }),
  ];
  const of = (need: string, among: Measured[] = scenarios) =>
    recommend(among).find((each) => each.need.startsWith(need))!;

  it('follow from the figures', () => {
    expect(of('new pods')).toMatchObject({
      scenarios: ['client'],
      because: 'first call of a new pod: client 40 ms; the others one connection > 6 s, proxy 1500 ms',
    });
    expect(of('slow pods are avoided, as').scenarios).toEqual(['proxy']);
    // Other figures, another answer.
    const slower = [scenarios[1]!, measured('client', { firstCallMs: [4000] })];
    expect(of('new pods', slower).scenarios).toEqual(['proxy']);
  });

  it('do not praise as cheap what new pods get no calls from', () => {
    expect(of('calls cost the least CPU').scenarios).toEqual(['client']);
  });

  it('say nothing where nothing was measured, or no round repeats it', () => {
    expect(of('a killed pod')).toMatchObject({ scenarios: [], because: 'not measured: it was not run' });
    const wild = ['a', 'b'].map((name) => measured(name, { evenMs: [10, 5000] }));
    expect(of('shares', wild)).toMatchObject({ scenarios: [], because: /rounds repeat/ });
    expect(recommend([scenarios[0]!])).toEqual([]); // nothing to choose from
  });
});
