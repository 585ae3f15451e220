import { describe, expect, it } from 'vitest';
import { OutcomeTable, defaultOutcomes } from './call-outcome.ts';

const outcomes = (table: OutcomeTable) =>
  Array.from({ length: 17 }, (_, status) => [status, table.ofGrpc(status)] as const);
const failing = (table: OutcomeTable) =>
  outcomes(table).flatMap(([status, outcome]) => (outcome === 'failure' ? [status] : []));

describe('which outcomes are an endpoint’s fault', () => {
  it('by default: those that are 500 and up to Envoy', () => {
    // UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS
    expect(failing(defaultOutcomes)).toEqual([2, 4, 12, 13, 14, 15]);
    expect(defaultOutcomes.ofGrpc(0)).toBe('success');
    expect(defaultOutcomes.ofGrpc(5)).toBe('success'); // NOT_FOUND
    expect(defaultOutcomes.ofGrpc(1)).toBe('cancelled');
  });

  it('as they are set', () => {
    expect(failing(new OutcomeTable([14, 1]))).toEqual([1, 14]);
    expect(failing(new OutcomeTable([]))).toEqual([]);
    expect(new OutcomeTable([14]).ofGrpc(13)).toBe('success');
  });

  it('a status that is none is UNKNOWN', () => {
    expect([-1, 17, 999].map((status) => defaultOutcomes.ofGrpc(status))).toEqual(Array(3).fill('failure'));
    expect([-1, 17].map((status) => new OutcomeTable([14]).ofGrpc(status))).toEqual(['success', 'success']);
  });

  it('of HTTP from 500 up', () => {
    expect([200, 404, 429, 499].map((status) => defaultOutcomes.ofHttp(status))).toEqual(
      Array(4).fill('success'),
    );
    expect([500, 501, 503, 599].map((status) => defaultOutcomes.ofHttp(status))).toEqual(
      Array(4).fill('failure'),
    );
  });
});
