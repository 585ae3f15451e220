import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBreaker, type BreakerKind } from './circuit-breaker.ts';
import { RetryBudget } from './retry-budget.ts';

describe('CircuitBreaker', () => {
  it('never lets more start than allowed, whatever starts and ends', () => {
    const kind = fc.constantFrom<BreakerKind>('request', 'pending', 'retry');
    const steps = fc.array(fc.tuple(kind, fc.boolean()), { maxLength: 300 });
    const limits = fc.record({
      maxRequests: fc.nat(20),
      maxPending: fc.nat(20),
      maxRetries: fc.oneof(
        fc.nat(5),
        fc.record({ ratio: fc.constantFrom(0, 0.2, 1), minConcurrency: fc.nat(3) }),
      ),
    });
    fc.assert(
      fc.property(limits, steps, (limits, steps) => {
        const breaker = new CircuitBreaker(limits);
        for (const [kind, start] of steps) {
          const before = breaker.underWay(kind);
          const limit = breaker.limit(kind);
          if (start) {
            expect(breaker.tryStart(kind)).toBe(before < limit);
            expect(breaker.underWay(kind)).toBe(before < limit ? before + 1 : before);
          } else if (before > 0) breaker.end(kind);
        }
        expect(breaker.underWay('request')).toBeLessThanOrEqual(limits.maxRequests);
        expect(breaker.underWay('pending')).toBeLessThanOrEqual(limits.maxPending);
      }),
    );
  });

  it('counts what it refused', () => {
    const breaker = new CircuitBreaker({ maxRequests: 1 });
    expect([1, 2, 3].map(() => breaker.tryStart('request'))).toEqual([true, false, false]);
    expect(breaker.refused('request')).toBe(2);
    breaker.end('request');
    expect(breaker.tryStart('request')).toBe(true);
  });

  it('is open while it would refuse, and not where nothing was wanted anyway', () => {
    const breaker = new CircuitBreaker({ maxRequests: 1, maxPending: 0, maxRetries: 0 });
    const open = () => (['request', 'pending', 'retry'] as const).filter((kind) => breaker.isOpen(kind));
    expect(open()).toEqual([]);
    breaker.tryStart('request');
    expect(open()).toEqual(['request']);
    breaker.end('request');
    expect(open()).toEqual([]);
    expect(new CircuitBreaker({ maxRequests: 0 }).isOpen('request')).toBe(true);
  });

  it('lets retries grow with the requests under way, 3 by default in a quiet service', () => {
    const breaker = new CircuitBreaker();
    expect(breaker.limit('retry')).toBe(3);
    for (let i = 0; i < 100; i++) breaker.tryStart('request');
    expect(breaker.limit('retry')).toBe(20);
  });

  it('says so when an end has no start', () => {
    expect(() => new CircuitBreaker().end('retry')).toThrow(expect.objectContaining({ code: 'NOT_STARTED' }));
  });

  it.each([
    { maxRequests: -1 },
    { maxPending: 0.5 },
    { maxRetries: 1_000_001 },
    { maxRetries: { ratio: 1.1 } },
    { maxRetries: { minConcurrency: -1 } },
  ])('refuses %o', (options) => {
    expect(() => new CircuitBreaker(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});

it('RetryBudget allows the larger of its ratio and its minimum', () => {
  const budget = new RetryBudget({ ratio: 0.5, minConcurrency: 2 });
  expect([0, 4, 5, 7, 100].map((requests) => budget.allows(requests))).toEqual([2, 2, 2, 3, 50]);
});
