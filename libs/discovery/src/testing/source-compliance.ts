import { expect, it } from 'vitest';
import type { EndpointSource } from '../source.ts';
import { observe } from './observe.ts';

/** What every EndpointSource must do. Run by each implementation's spec. */
export function compliesAsSource(create: () => EndpointSource | Promise<EndpointSource>): void {
  it('[source] tells nothing within watch, and then what it knows, once', async () => {
    const { sets, stop } = observe(await create());
    expect(sets).toEqual([]);
    await expect.poll(() => sets.length).toBe(1);
    stop();
  });

  it('[source] tells every watcher', async () => {
    const source = await create();
    const watchers = [observe(source), observe(source)];
    await expect.poll(() => watchers.map(({ sets }) => sets.length)).toEqual([1, 1]);
    for (const { stop } of watchers) stop();
  });

  it('[source] tells nothing after it was stopped, and can be stopped twice', async () => {
    const source = await create();
    const stopped = observe(source);
    stopped.stop();
    stopped.stop();
    const other = observe(source);
    await expect.poll(() => other.sets.length).toBe(1);
    expect(stopped.sets).toEqual([]);
    other.stop();
  });

  it('[source] says what it is', async () => {
    expect((await create()).description).not.toBe('');
  });
}
