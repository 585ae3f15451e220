import { describe, expect, it } from 'vitest';
import { CallLog } from './call-log.ts';
import { figureOf } from './figures.ts';
import { doubtsOf, shareOf } from './machine-load.ts';
import { connectionsTo, cpuUs } from './processes.ts';
import { maxToMin, median, percentile, seededRandom, shuffled } from './statistics.ts';

describe('statistics', () => {
  it('say how even shares are', () => {
    expect(maxToMin([6, 3])).toBe(2);
    expect(maxToMin([6, 0])).toBe(Infinity);
    expect(maxToMin([])).toBeUndefined();
  });

  it('find the middle and the tail', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeUndefined();
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile([7], 0.5)).toBe(7);
    expect(percentile([], 0.5)).toBeUndefined();
  });

  it('repeat what a seed gives', () => {
    const order = (seed: number) => shuffled([1, 2, 3, 4, 5, 6, 7, 8], seededRandom(seed));
    expect(order(7)).toEqual(order(7));
    expect(order(7)).not.toEqual(order(8));
    expect(order(7).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('a figure', () => {
  it('is the median of its rounds, with their spread', () => {
    expect(figureOf('evenMs', [900, 1000, 1300])).toMatchObject({
      median: 1000,
      min: 900,
      max: 1300,
      repeatable: true,
    });
    expect(figureOf('evenMs', [900, 1000])).toMatchObject({ median: 950, min: 900, max: 1000 });
  });

  it('says so when its rounds are too far apart', () => {
    expect(figureOf('evenMs', [300, 1000, 4000]).repeatable).toBe(false);
    expect(figureOf('lostKill', [0, 1, 3]).repeatable).toBe(true); // what does not matter is no spread
  });

  it('counts what was beyond measure as more than anything, and says it in its words', () => {
    const late = { beyond: '> 6 s' };
    expect(figureOf('evenMs', [late, late, 900])).toMatchObject({
      ...{ median: null, beyond: '> 6 s', min: 900, max: null, repeatable: false },
    });
    expect(figureOf('evenMs', [late, late])).toMatchObject({ median: null, repeatable: true });
    expect(figureOf('evenMs', [late, 900])).toMatchObject({ median: null, repeatable: false });
    expect(figureOf('evenMs', [late, 900, 1000])).toMatchObject({ median: 1000, repeatable: false });
    expect(figureOf('evenMs', [late, 900, 1000])).not.toHaveProperty('beyond');
  });

  it('is no result where nothing was measured, but why', () => {
    const missing = 'the client made no calls';
    expect(figureOf('lostKill', [{ missing }, { missing }])).toMatchObject({
      ...{ median: null, missing, repeatable: null },
    });
    expect(figureOf('lostKill', [])).toMatchObject({ missing: 'no round came to its end' });
    // What was measured counts without it.
    const figure = figureOf('evenMs', [{ missing }, 900, 1000]);
    expect(figure).toMatchObject({ median: 950, repeatable: true });
    expect(figure).not.toHaveProperty('missing');
  });

  it('is not called repeatable for one round', () => {
    expect(figureOf('evenMs', [900]).repeatable).toBeNull();
  });
});

describe('the log of calls', () => {
  const log = new CallLog();
  for (let i = 0; i < 400; i++) {
    // For two seconds all go to a, then to both by turns; one in a hundred is lost.
    const pod = i < 200 || i % 2 === 0 ? 'a' : 'b';
    log.add({
      client: 'client',
      atMs: i * 10,
      pod,
      code: i % 100 === 99 ? 'UNAVAILABLE' : 'OK',
      latencyMs: i,
    });
  }

  it('knows who answered how often, first, and what was lost', () => {
    expect(log.counts(['a', 'b', 'c'], 0, 2000)).toEqual([198, 0, 0]);
    expect(log.firstResponseOf('b')).toBe(2010);
    expect(log.firstResponseOf('c')).toBeUndefined();
    expect(log.lost(0, 4000)).toBe(4);
    expect(log.lost(5000, 6000)).toBeUndefined(); // of no calls, none can be lost
  });

  it('takes a call that failed at once for no quick one', () => {
    const failing = new CallLog();
    failing.add({ client: 'client', atMs: 1, code: 'UNAVAILABLE', latencyMs: 0.1 });
    expect(failing.latencies(0, 2)).toEqual([]);
  });

  it('knows since when shares are even', () => {
    expect(log.evenSince(['a', 'b'], 0)).toBeGreaterThan(1000);
    expect(log.evenSince(['a', 'b'], 0)).toBeLessThanOrEqual(2000);
    expect(log.evenSince(['a', 'b', 'c'], 0)).toBeUndefined();
  });

  it('shows how shares become even', () => {
    const evenness = log.evenness(['a', 'b'], 0, 4000);
    expect(evenness[0]).toEqual({ s: 0, jain: 0.5 });
    expect(evenness.at(-1)).toMatchObject({ s: 2.5 });
    expect(evenness.at(-1)!.jain).toBeGreaterThan(0.99);
    expect(log.evenness(['a'], 0, 1000)).toEqual([]);
  });
});

describe('the load of the machine', () => {
  it('is the share of CPU that others had', () => {
    expect(shareOf(300, 400)).toBe(0.25);
    expect(shareOf(0, 0)).toBeNull();
  });

  it('makes figures doubtful when others had much, or the lab had to wait', () => {
    expect(doubtsOf({ busyBefore: 0.05, lateMs: 5 })).toEqual([]);
    expect(doubtsOf({ busyBefore: null, lateMs: 5 })).toEqual([]);
    expect(doubtsOf({ busyBefore: 0.63, lateMs: 400 })).toEqual([
      expect.stringMatching(/63 %/) as string,
      expect.stringMatching(/400 ms/) as string,
    ]);
  });
});

describe.runIf(process.platform === 'linux')('processes', () => {
  it('have used CPU and have connections, as far as the system tells', async () => {
    expect(await cpuUs(process.pid)).toBeGreaterThan(0);
    expect(await connectionsTo(process.pid, new Set([1]))).toBe(0);
    expect(await cpuUs(2 ** 30)).toBeUndefined();
    expect(await connectionsTo(2 ** 30, new Set())).toBeUndefined();
  });
});
