import { describe, expect, it } from 'vitest';
import { NamePool } from './name-pool.ts';

describe('NamePool', () => {
  it('keeps so many names, and none that is very long', () => {
    const pool = new NamePool();
    for (let index = 0; index < 50_000; index++) pool.one(`name-${index}`);
    expect(pool.size).toBeLessThanOrEqual(20_000);
    const before = pool.size;
    expect(pool.one('x'.repeat(257))).toBe('x'.repeat(257));
    expect(pool.size).toBe(before);
  });
});
