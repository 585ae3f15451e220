import { describe, expect, it } from 'vitest';
import { addressesOf, endpointKey, endpointSet } from '../endpoint.ts';
import { canonicalAddress } from '../ip-address.ts';
import type { EndpointSource } from '../source.ts';
import { observe } from './observe.ts';

/** A source with at least one endpoint, and how to drive what is behind it; absent: that cannot happen to it. */
export interface SourceUnderTest {
  source: EndpointSource;
  /** Another set of endpoints from now on. */
  change?: () => unknown;
  /** What is behind it does not answer any more. */
  fail?: () => unknown;
  /** It answers again. */
  heal?: () => unknown;
}

/** What every EndpointSource must do. Run by each implementation's spec. */
export function compliesAsSource(create: () => SourceUnderTest | Promise<SourceUnderTest>): void {
  describe('as a source', () => {
    tellsWhatItKnows(create);
    tellsChanges(create);
    tellsFailures(create);
    letsGo(create);
  });
}

type Create = () => SourceUnderTest | Promise<SourceUnderTest>;

function tellsWhatItKnows(create: Create): void {
  it('tells nothing within watch, and then what it knows, once', async () => {
    const { source } = await create();
    const { sets, log, stop } = observe(source);
    expect(log).toEqual([]);
    await expect.poll(() => sets.length).toBe(1);
    stop();
  });

  it('tells sorted endpoints, none twice, that nobody can change, with the version of their content', async () => {
    const { source } = await create();
    const { told, stop } = observe(source);
    await expect.poll(() => told.length).toBe(1);
    const [{ endpoints, version }] = told as [(typeof told)[0]];
    const keys = endpoints.map(endpointKey);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys).toEqual([...new Set(keys)].sort());
    const addresses = endpoints.flatMap(addressesOf);
    expect(addresses).toEqual(addresses.map(canonicalAddress));
    expect(Object.isFrozen(endpoints)).toBe(true);
    expect(version).toBe(endpointSet(endpoints).version);
    stop();
  });

  it('tells every watcher, also one that comes later', async () => {
    const { source } = await create();
    const watchers = [observe(source), observe(source)];
    await expect.poll(() => watchers.map(({ sets }) => sets.length)).toEqual([1, 1]);
    const late = observe(source);
    await expect.poll(() => late.sets).toEqual(watchers[0]!.sets);
    for (const { stop } of [...watchers, late]) stop();
  });

  it('says what it is', async () => {
    expect((await create()).source.description).not.toBe('');
  });
}

function tellsChanges(create: Create): void {
  it('tells a change to every watcher', async ({ skip }) => {
    const { source, change } = await create();
    if (change === undefined) return skip('it never changes');
    const watchers = [observe(source), observe(source)];
    await expect.poll(() => watchers.map(({ sets }) => sets.length)).toEqual([1, 1]);
    await change();
    await expect.poll(() => watchers.map(({ sets }) => sets.length)).toEqual([2, 2]);
    expect(watchers[0]!.sets[1]).not.toEqual(watchers[0]!.sets[0]);
    for (const { stop } of watchers) stop();
  });

  it('tells nothing after it was stopped, and can be stopped twice', async () => {
    const { source, change } = await create();
    const atOnce = observe(source);
    atOnce.stop();
    atOnce.stop();
    const later = observe(source);
    const other = observe(source);
    await expect.poll(() => [later.sets.length, other.sets.length]).toEqual([1, 1]);
    later.stop();
    if (change !== undefined) {
      await change();
      await expect.poll(() => other.sets.length).toBe(2);
    }
    expect([atOnce.log, later.log]).toEqual([[], ['set']]);
    other.stop();
  });

  it('can be watched again', async () => {
    const { source } = await create();
    for (let round = 0; round < 2; round++) {
      const { sets, stop } = observe(source);
      await expect.poll(() => sets.length).toBe(1);
      stop();
    }
  });
}

function tellsFailures(create: Create): void {
  it('tells a failure as an error and not as a set, and recovery even when nothing changed', async ({
    skip,
  }) => {
    const { source, fail, heal } = await create();
    if (fail === undefined) return skip('it never fails');
    const { log, stop } = observe(source);
    await expect.poll(() => log).toEqual(['set']);
    await fail();
    await expect.poll(() => log.length).toBeGreaterThan(1);
    expect(log).not.toContain('recovered');
    await heal!();
    await expect.poll(() => log).toContain('recovered');
    expect(log.filter((each) => each === 'set')).toHaveLength(1);
    stop();
  });

  it('tells what changed meanwhile before it says that it recovered', async ({ skip }) => {
    const { source, change, fail, heal } = await create();
    if (fail === undefined || change === undefined) return skip('it never changes or never fails');
    const { log, stop } = observe(source);
    await expect.poll(() => log).toEqual(['set']);
    await fail();
    await expect.poll(() => log.length).toBeGreaterThan(1);
    await change();
    await heal!();
    await expect.poll(() => log).toContain('recovered');
    expect(log.lastIndexOf('set')).toBeGreaterThan(0);
    expect(log.lastIndexOf('set')).toBeLessThan(log.indexOf('recovered'));
    stop();
  });
}

function letsGo(create: Create): void {
  it('holds no timer and no socket once it was stopped, not even while it fails', async () => {
    const { source, fail } = await create();
    let before = new Map<string, number>();
    // Within poll, whose own timers count too.
    await expect.poll(async () => (before = await activeResources()).size).toBeGreaterThan(0);
    const { log, stop } = observe(source);
    await expect.poll(() => log.length).toBe(1);
    await fail?.();
    await expect.poll(() => log.length).toBeGreaterThan(fail === undefined ? 0 : 1);
    stop();
    const more = async () =>
      [...(await activeResources())].filter(([type, count]) => count > (before.get(type) ?? 0));
    await expect.poll(more).toEqual([]);
  });
}

/** What keeps this process alive, by type. Counted in a fresh turn, where no promise of ours is half done. */
async function activeResources(): Promise<Map<string, number>> {
  await new Promise((resolve) => setImmediate(resolve));
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}
