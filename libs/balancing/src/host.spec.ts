import { describe, expect, it } from 'vitest';
import { HostTable, type HostSpec } from './host.ts';
import { maxHosts } from './limits.ts';
import { keys, ones, specs } from './testing/hosts.ts';

describe('HostTable', () => {
  it('keeps the statistics of hosts that stay, and no others', () => {
    const table = new HostTable();
    const [a, b] = table.update([{ key: 'a' }, { key: 'b' }], 0);
    a!.stats.active = 7;
    const [c, again] = table.update([{ key: 'c' }, { key: 'a', weight: 5, healthy: false }], 100);
    expect(again).toMatchObject({ key: 'a', weight: 5, healthy: false });
    expect(again!.stats).toBe(a!.stats);
    expect(c!.stats).toMatchObject({ active: 0, readySinceMs: 100 });
    expect(a).toMatchObject({ weight: 1, healthy: true });
    const [back] = table.update([{ key: 'b' }], 200);
    expect(back!.stats).not.toBe(b!.stats);
  });

  it('gives back the newest target, in a list that nobody can change', () => {
    const table = new HostTable<string>();
    table.update([{ key: 'a', target: 'old connection' }], 0);
    const list = table.update([{ key: 'a', target: 'new connection' }], 0);
    expect(list[0]!.target).toBe('new connection');
    expect(Object.isFrozen(list)).toBe(true);
  });

  it('starts slow start anew for a host that is healthy again, only then', () => {
    const table = new HostTable();
    const readySinceMs = (healthy: boolean, nowMs: number) =>
      table.update([{ key: 'a', healthy }], nowMs)[0]!.stats.readySinceMs;
    expect(readySinceMs(true, 1)).toBe(1);
    expect(readySinceMs(true, 2)).toBe(1);
    expect(readySinceMs(false, 3)).toBe(1);
    expect(readySinceMs(true, 4)).toBe(4);
  });

  it.each<[string, string, HostSpec[]]>([
    ['BAD_HOST', 'key', [{ key: '' }]],
    ['BAD_HOST', 'weight', [{ key: 'a', weight: -1 }]],
    ['BAD_HOST', 'weight', [{ key: 'a', weight: NaN }]],
    ['BAD_HOST', 'weight', [{ key: 'a', weight: 65_536 }]],
    ['BAD_HOST', 'priority', [{ key: 'a', priority: 128 }]],
    ['BAD_HOST', 'priority', [{ key: 'a', priority: 0.5 }]],
    ['DUPLICATE_HOST', 'a is listed twice', [{ key: 'a' }, { key: 'a' }]],
    ['ZERO_WEIGHTS', 'sum to 0', specs([0, 0])],
    ['TOO_MANY', '10001', keys(maxHosts + 1).map((key) => ({ key }))],
  ])('refuses a bad list with %s, saying %s, and stays as it was', (code, words, bad) => {
    const table = new HostTable();
    const [host] = table.update(specs(ones(1)), 0);
    expect(() => table.update(bad, 1)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) as string }),
    );
    expect(table.update(specs(ones(1)), 2)[0]!.stats).toBe(host!.stats);
  });
});
