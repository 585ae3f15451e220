import { describe, expect, it } from 'vitest';
import { openFiles } from './open-files.ts';

const limits = (soft: string) => () =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 4096                 files\n`;

describe('open files', () => {
  it.each([
    ['1024', 24, { limit: 1024, forClients: 750 }],
    ['256', 28, { limit: 256, forClients: 100 }],
    ['40', 30, { limit: 40, forClients: 1 }],
    ['unlimited', 24, undefined],
  ])('of %s, with %d open', (soft, open, expected) => {
    expect(openFiles(limits(soft), () => open)).toEqual(expected);
  });

  it('where nobody can tell', () => {
    const broken = () => {
      throw new Error('ENOENT');
    };
    expect(openFiles(broken)).toBeUndefined();
  });
});
