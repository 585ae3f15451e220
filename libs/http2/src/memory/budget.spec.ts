import { describe, expect, test } from 'vitest';
import { MemoryBudget } from './budget.ts';

const mebibyte = 1024 * 1024;
const holding = (budget: MemoryBudget, client: string, bytes: number) => {
  const share = budget.share(client);
  share.add(bytes);
  return share;
};

describe('what is counted', () => {
  test('adds up over shares, and comes back with less, or with the end of a share', () => {
    const budget = new MemoryBudget(1000);
    const [first, second] = [holding(budget, 'a', 300), holding(budget, 'b', 200)];
    expect(budget.usedBytes).toBe(500);
    expect(budget.freeBytes).toBe(500);
    first.add(-100);
    expect([first.usedBytes, second.usedBytes, budget.usedBytes]).toEqual([200, 200, 400]);
    first.close();
    first.close();
    expect(budget.usedBytes).toBe(200);
  });

  test('a share that is closed counts no more, whatever comes late', () => {
    const budget = new MemoryBudget(1000);
    const share = holding(budget, 'a', 300);
    share.close();
    share.add(-300);
    share.add(50);
    expect(budget.usedBytes).toBe(0);
  });

  test('a client is forgotten with its last share', () => {
    const budget = new MemoryBudget(1000);
    const [first, second] = [holding(budget, 'a', 1), holding(budget, 'a', 2)];
    expect(budget.holders).toEqual({ clients: 1, largest: { name: 'a', usedBytes: 3, shares: 2 } });
    first.close();
    expect(budget.holders.clients).toBe(1);
    second.close();
    expect(budget.holders).toEqual({ clients: 0, largest: undefined });
  });
});

describe('new work is refused', () => {
  test('of one that holds more than is free; others go on', () => {
    const budget = new MemoryBudget(1000);
    const large = holding(budget, 'large', 500);
    const small = holding(budget, 'small', 0);
    expect(large.refusesWork).toBe(false);
    large.add(1);
    expect(large.refusesWork).toBe(true);
    expect(small.refusesWork).toBe(false);
    large.add(-1);
    expect(large.refusesWork).toBe(false);
  });

  test.each([1, 2, 9, 1000])('%d greedy holders leave as much free as each of them has', (count) => {
    const budget = new MemoryBudget(64 * mebibyte);
    const greedy = Array.from({ length: count }, (_, index) => budget.share(`client ${index}`));
    for (let refused = 0; refused < count;) {
      refused = 0;
      for (const share of greedy) {
        if (share.refusesWork) refused++;
        else share.add(1000);
      }
    }
    expect(budget.freeBytes).toBeGreaterThan((64 * mebibyte) / (count + 1) - 2000);
    expect(budget.share('modest').refusesWork).toBe(false);
  });

  test('of all shares of a client that together hold nearly all, but not of the small ones', () => {
    const budget = new MemoryBudget(100 * mebibyte);
    const many = Array.from({ length: 95 }, () => holding(budget, 'one address', mebibyte));
    const small = holding(budget, 'one address', 65_536);
    const other = holding(budget, 'another address', 2 * mebibyte);
    expect(many.every((share) => share.refusesWork)).toBe(true);
    expect(small.refusesWork).toBe(false);
    expect(other.refusesWork).toBe(false);
  });

  test('of a client with very many that are small, while there is something left for others', () => {
    const budget = new MemoryBudget(17 * mebibyte);
    const many: ReturnType<MemoryBudget['share']>[] = [];
    for (
      let share = budget.share('one address');
      !share.refuses(10_000);
      share = budget.share('one address')
    ) {
      share.add(10_000);
      many.push(share);
    }
    expect(budget.freeBytes).toBeGreaterThan(200_000);
    expect(budget.share('one address').refuses(2_000)).toBe(false);
    expect(budget.share('another address').refuses(190_000)).toBe(false);
  });

  test('that is larger than what is free, of whoever comes', () => {
    const budget = new MemoryBudget(1000);
    holding(budget, 'a', 400);
    expect(budget.share('b').refuses(600)).toBe(false);
    expect(budget.share('b').refuses(601)).toBe(true);
  });

  test('of everybody once all is used up, and the reserve too', () => {
    const budget = new MemoryBudget(1000);
    const newcomer = budget.share('newcomer');
    holding(budget, 'a', 1000);
    expect(newcomer.refusesWork).toBe(false);
    holding(budget, 'b', 251);
    expect(newcomer.refusesWork).toBe(true);
  });
});

describe('nothing more is kept', () => {
  test('for large holders, once nearly all is used', () => {
    const budget = new MemoryBudget(8 * mebibyte);
    const large = holding(budget, 'large', mebibyte + 1);
    const medium = holding(budget, 'medium', mebibyte);
    const others = holding(budget, 'others', 5 * mebibyte - 2);
    expect(large.refusesMore).toBe(false);
    others.add(1);
    expect(large.refusesMore).toBe(true);
    expect(medium.refusesMore).toBe(false);
  });

  test('for all shares of a client that together hold half, but not for the small ones', () => {
    const budget = new MemoryBudget(16 * mebibyte);
    const many = Array.from({ length: 30 }, () => holding(budget, 'one address', mebibyte / 2));
    const small = holding(budget, 'one address', 65_536);
    expect(many.every((share) => share.refusesMore)).toBe(true);
    expect(small.refusesMore).toBe(false);
  });
});

test('a client that holds next to nothing is served though others have used up all, out of a reserve', () => {
  const budget = new MemoryBudget(4 * mebibyte);
  holding(budget, 'large', 4 * mebibyte);
  expect(budget.share('small').refuses(16_384)).toBe(false);
  expect(budget.share('small').refusesMore).toBe(false);
  expect(budget.share('small').refuses(16_385)).toBe(true);
  expect(budget.share('large').refuses(1)).toBe(true);
  for (let count = 0; count < 64; count++) holding(budget, `many ${count}`, 16_384);
  expect(budget.share('small').refuses(1)).toBe(true);
});
