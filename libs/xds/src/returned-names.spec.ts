import { describe, expect, it } from 'vitest';
import { ReturnedNames } from './returned-names.ts';

describe('ReturnedNames', () => {
  it('gives what comes back a mark of its own each time, and none to what is new', () => {
    const names = new ReturnedNames(5);
    names.came('a');
    expect([names.markOf('a', false), names.markOf('a', true)]).toEqual([0, 5]);
    names.left('a');
    names.came('a');
    const first = names.markOf('a', false);
    names.left('a');
    names.came('a');
    expect([first, names.markOf('a', false), names.markOf('a', true)]).toEqual([6, 7, 7]);
  });

  it('remembers a limited number, and takes what is new for returned once it has forgotten some', () => {
    const names = new ReturnedNames(1);
    for (let index = 0; index <= 10_000; index++) names.left(`old ${index}`);
    names.came('old 0'); // the one that is forgotten
    expect(names.markOf('old 0', false)).toBeGreaterThan(1);
  });
});
