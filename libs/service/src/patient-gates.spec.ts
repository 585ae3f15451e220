import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PatientGates } from './patient-gates.ts';
import { Readiness } from './readiness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function patientGates(mayDoWithout: (waiting: readonly string[], all: number) => boolean) {
  const readiness = new Readiness();
  readiness.serving();
  const said: unknown[] = [];
  const log = { warn: (fields: unknown) => void said.push(fields) } as never;
  const gates = new PatientGates({ readiness, patienceMs: 60_000, mayDoWithout, log });
  for (const name of ['a', 'b', 'c']) gates.add('source', name, () => `${name} is away`);
  return { gates, readiness, said };
}

describe('gates that are waited for together', () => {
  it('are passed one by one, and nothing is left running', () => {
    const { gates, readiness } = patientGates(() => true);
    expect(readiness.waiting.map(({ gate }) => gate)).toEqual(['source a', 'source b', 'source c']);
    gates.pass('b');
    gates.pass('nobody');
    expect(gates.waiting).toEqual(['a', 'c']);
    gates.pass('a');
    gates.pass('c');
    expect(readiness.isReady).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are done without after a while, as soon as the program is of use without them, and that is said', () => {
    const { gates, readiness, said } = patientGates((waiting, all) => waiting.length < all / 2);
    gates.pass('a');
    vi.advanceTimersByTime(90_000);
    expect(readiness.isReady).toBe(false);
    gates.pass('b');
    expect(readiness.isReady).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(readiness.isReady).toBe(true);
    expect(said).toEqual([{ gates: [{ name: 'c', reason: 'c is away' }], count: 1 }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are all waited for before that, whoever could be done without', () => {
    const { readiness } = patientGates(() => true);
    vi.advanceTimersByTime(59_999);
    expect(readiness.isReady).toBe(false);
    vi.advanceTimersByTime(1);
    expect(readiness.isReady).toBe(true);
  });
});
