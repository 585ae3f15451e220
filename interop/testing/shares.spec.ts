import { describe, expect, it } from 'vitest';
import { band, evennessFaults, shareFaults } from './shares.ts';

const answers = (counts: Record<string, number>) =>
  Object.entries(counts).flatMap(([from, count]) => Array.from({ length: count }, () => ({ from })));
const podsOf = (service: string) => [`${service}-1`, `${service}-2`];

describe('shares', () => {
  it('leave room for chance, and no more', () => {
    expect(band(1000, 0.05)).toEqual({ least: 16, most: 84 });
    expect(band(1000, 1)).toEqual({ least: 1000, most: 1000 });
    expect(band(50, 0.01).least).toBe(1);
  });

  it('are right when they are near what they should be', () => {
    expect(shareFaults(answers({ 'a-1': 470, 'a-2': 475, 'b-1': 55 }), { a: 95, b: 5 }, podsOf)).toEqual([]);
  });

  it.each([
    ['too small', { 'a-1': 990, 'b-1': 10 }, /b answered 10 of 1000/],
    ['too large', { 'a-1': 850, 'b-1': 150 }, /b answered 150 of 1000/],
    ['not there', { 'a-1': 1000 }, /b answered 0 of 1000/],
    ["somebody else's", { 'a-1': 950, 'b-1': 49, 'c-1': 1 }, /c-1 answered 1 calls, expected none/],
  ])('are wrong when one is %s', (_, counts, fault) => {
    const faults = shareFaults(answers(counts), { a: 95, b: 5 }, podsOf);
    expect(faults.join('\n')).toMatch(fault);
  });

  it('are wrong when a call failed', () => {
    expect(
      shareFaults([...answers({ 'a-1': 10 }), { error: 'UNAVAILABLE: gone' }], { a: 100 }, podsOf),
    ).toContain('a call failed: UNAVAILABLE: gone');
  });

  it('are even among pods, or else it is said', () => {
    expect(evennessFaults(answers({ 'a-1': 480, 'a-2': 520 }), ['a-1', 'a-2'])).toEqual([]);
    expect(evennessFaults(answers({ 'a-1': 1000 }), ['a-1', 'a-2'])).toHaveLength(2);
  });
});
