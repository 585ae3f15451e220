import type { Endpoint } from '@evenly/endpoints';
import { describe, expect, it } from 'vitest';
import type { HealthVerdict } from './checker.ts';
import { judge } from './judgement.ts';
import { HealthHistory } from './thresholds.ts';

const verdicts: Record<string, HealthVerdict> = {
  '+': { kind: 'serving' },
  '-': { kind: 'no-answer', reason: 'refused' },
  s: { kind: 'slow', reason: 'late' },
  n: { kind: 'not-serving', reason: 'NOT_SERVING' },
};

/** Rounds of answers, a letter for each endpoint. @returns who passed in each, by number; `…`: the set before stays */
function rounds(
  all: readonly string[],
  { panic = 0.5, unhealthy = 1, states = '' }: { panic?: number; unhealthy?: number; states?: string } = {},
) {
  const history = new HealthHistory({ healthy: 1, unhealthy });
  return all.map((answers) => {
    const endpoints = [...answers].map((_, index): Endpoint => {
      const state = states[index] === 'n' ? 'not-ready' : 'ready';
      return { address: '10.0.0.1', port: index + 1, state };
    });
    const { passed, isSilence, report } = judge(
      endpoints,
      [...answers].map((answer) => verdicts[answer]!),
      history,
      panic,
    );
    const kept = report.filter(({ isKept }) => isKept).length;
    const who = passed?.endpoints.map(({ port }) => port).join('') ?? '…';
    return `${who}${kept > 0 ? ` ${kept} kept` : ''}${isSilence ? ' silence' : ''}`;
  });
}

describe('slowness', () => {
  it('takes an endpoint out as long as enough are left', () => {
    expect(rounds(['++++', '+++s', '++ss', '++++'])).toEqual(['1234', '123', '12', '1234']);
  });

  it('of more than the panic threshold takes nobody out', () => {
    expect(rounds(['++++', '+sss'])).toEqual(['1234', '1234 3 kept']);
    expect(rounds(['++++', '+sss'], { panic: 0.2 })).toEqual(['1234', '1']);
    expect(rounds(['++++', '+sss'], { panic: 0 })).toEqual(['1234', '1']);
  });

  it('keeps nobody in that does not answer, is not serving, or was out before', () => {
    expect(rounds(['++++', '+s-n'])).toEqual(['1234', '12 1 kept']);
    expect(rounds(['+-n+', '+sss'])).toEqual(['14', '14 1 kept']);
  });

  it('keeps in whoever has no answer yet but a late one', () => {
    expect(rounds(['+sss'])).toEqual(['1234 3 kept']);
  });

  it('is counted among those alone that could get calls', () => {
    expect(rounds(['+--s'], { states: ' nn ' })).toEqual(['1']);
    expect(rounds(['+--s'])).toEqual(['14 1 kept']);
  });

  it('has to last', () => {
    expect(rounds(['++', '+s', '+s', '+s'], { unhealthy: 3 })).toEqual(['12', '12', '12', '1']);
  });
});

describe('when nobody answers', () => {
  it('those that counted as healthy go on, and nobody is worse for it', () => {
    expect(rounds(['++n', '---', '++-'])).toEqual(['12', '12 2 kept silence', '12']);
    expect(rounds(['++', 'ss', 'ss'], { panic: 0 })).toEqual([
      '12',
      '12 2 kept silence',
      '12 2 kept silence',
    ]);
  });

  it('new ones that take connections get calls, the others do not', () => {
    expect(rounds(['ss-'])).toEqual(['12 2 kept silence']);
    expect(rounds(['---'])).toEqual(['… silence']);
  });
});

it('that all say they do not serve is an answer', () => {
  expect(rounds(['++', 'nn'])).toEqual(['12', '']);
  expect(rounds([''])).toEqual(['']);
});
