import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '@evenly/endpoints';
import { compliesAsSource, drivenSource, observe } from '@evenly/endpoints/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SnapshotStore } from './snapshot-store.ts';
import { withSnapshot } from './snapshotted-source.ts';

let directory: string;
let file: string;
let errors: string[];
let nowMs: number;
const ended: (() => unknown)[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenly-snapshot-'));
  file = join(directory, 'endpoints.snapshot');
  errors = [];
  nowMs = Date.now();
});
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
  await rm(directory, { recursive: true });
});

const pod = (port: number): Endpoint => ({ address: '10.0.0.1', port, state: 'ready' });
const maxAgeMs = 60_000;

/** A process with its snapshot, and a source. */
async function process(options: { confirmMs?: number; changeMs?: number; into?: string } = {}) {
  const { into = directory, ...times } = options;
  const store = await SnapshotStore.open({
    ...{ directory: into, maxAgeMs, now: () => nowMs, onError: ({ message }) => errors.push(message) },
    ...times,
  });
  const { source, ...driven } = drivenSource();
  const inUse: (number | undefined)[] = [];
  const observed = observe(withSnapshot(source, store, (goodAtMs) => inUse.push(goodAtMs)));
  const end = async () => {
    observed.stop();
    await store.close();
  };
  return { ...driven, ...observed, inUse, store, end };
}

/** A process that was told these endpoints, and has ended. */
async function earlier(...endpoints: Endpoint[]): Promise<void> {
  const { tell, end } = await process();
  tell(...endpoints);
  await end();
}

describe('withSnapshot', () => {
  compliesAsSource(async () => {
    const store = await SnapshotStore.open({ directory, maxAgeMs, onError: () => {} });
    ended.push(() => store.close());
    const { source, tell, fail, recover: heal } = drivenSource(pod(1));
    const change = () => tell(pod(1), pod(2));
    return { source: withSnapshot(source, store, () => {}), change, fail, heal };
  });

  it('tells what an earlier process knew when its source fails, until it speaks', async () => {
    await earlier(pod(1), pod(2));
    const { sets, log, inUse, tell, fail, recover, end } = await process();
    expect(sets).toEqual([]);
    fail();
    fail();
    expect(sets).toEqual([['10.0.0.1:1', '10.0.0.1:2']]);
    expect(inUse).toEqual([nowMs]);
    tell(pod(3));
    recover();
    expect(sets.at(-1)).toEqual(['10.0.0.1:3']);
    expect(inUse).toEqual([nowMs, undefined]);
    expect(log).toEqual(['set', 'UNREACHABLE', 'UNREACHABLE', 'set', 'recovered']);
    fail();
    expect(sets).toHaveLength(2);
    await end();
  });

  it('tells it also when its source says nothing at all', async () => {
    await earlier(pod(1));
    const { sets, errors, end } = await process();
    await expect.poll(() => sets, { timeout: 20_000 }).toEqual([['10.0.0.1:1']]);
    expect(errors).toEqual([]);
    await end();
  });

  it('tells nothing of it where the source speaks', async () => {
    await earlier(pod(1));
    const { sets, inUse, tell, fail, end } = await process();
    tell();
    fail();
    expect(sets).toEqual([[]]);
    expect(inUse).toEqual([]);
    await end();
  });

  it('does not tell what is older than it may be', async () => {
    await earlier(pod(1));
    nowMs += maxAgeMs + 1;
    const { sets, fail, end } = await process();
    fail();
    expect(sets).toEqual([]);
    await end();
    expect(await readFile(file, 'utf8')).not.toContain('10.0.0.1');
  });

  it('does not believe a snapshot of the future', async () => {
    await earlier(pod(1));
    nowMs -= 2 * maxAgeMs;
    const { sets, fail, end } = await process();
    fail();
    expect(sets).toEqual([]);
    await end();
  });

  it('ends the use of what gets too old', async () => {
    await earlier(pod(1));
    nowMs += maxAgeMs; // the timer goes by the real time: what is left is how far this clock is ahead, nothing
    const { sets, inUse, store, fail, end } = await process();
    Object.defineProperty(store, 'maxAgeMs', { value: 50 });
    fail();
    await expect.poll(() => sets).toEqual([['10.0.0.1:1'], []]);
    expect(inUse).toEqual([expect.any(Number), undefined]);
    await end();
  });

  it('counts the age from when the source was known to be good last, not from the last change', async () => {
    const first = await process();
    first.tell(pod(1));
    nowMs += 10 * maxAgeMs;
    await first.end();
    const second = await process();
    second.fail();
    expect(second.inUse).toEqual([nowMs]);
    nowMs += maxAgeMs / 2;
    await second.end(); // it was away all the time: the age goes on
    nowMs += maxAgeMs / 2 + 1;
    const third = await process();
    third.fail();
    expect(third.sets).toEqual([]);
    await third.end();
  });

  it('knows what was told before also when the same process follows the source anew', async () => {
    const { store, tell, stop, end } = await process();
    tell(pod(1));
    stop();
    const again = drivenSource();
    const { sets, stop: stopAgain } = observe(withSnapshot(again.source, store, () => {}));
    again.fail();
    expect(sets).toEqual([['10.0.0.1:1']]);
    stopAgain();
    await end();
  });
});

describe('the file', () => {
  it('is written soon after a change, and again while nothing changes', async () => {
    const { tell, end } = await process({ changeMs: 5, confirmMs: 20 });
    tell(pod(1));
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('10.0.0.1');
    nowMs += 5000;
    const later = new Date(nowMs).toISOString();
    await expect.poll(() => readFile(file, 'utf8')).toContain(later);
    expect(await readdir(directory)).toContain('endpoints.snapshot');
    await end();
    expect(await readdir(directory)).toEqual(['endpoints.snapshot']);
  });

  it.each([
    ['garbage', 'not what was written'],
    ['', ''],
    ['of another program', '{"format":"other"}\n'],
  ])('that is %s is said and not used', async (_what, text) => {
    await writeFile(file, text);
    const { sets, fail, tell, end } = await process();
    expect(errors).toEqual([expect.stringContaining('is not used: it does not begin as a')]);
    fail();
    expect(sets).toEqual([]);
    tell(pod(1));
    await end();
    const after = await process();
    after.fail();
    expect(after.sets).toEqual([['10.0.0.1:1']]);
    await after.end();
  });

  it('that is too large is not even read', async () => {
    await writeFile(file, Buffer.alloc(64 * 1024 * 1024 + 1));
    const { end } = await process();
    expect(errors).toEqual([expect.stringContaining('at most 67108864 are read')]);
    await end();
  });

  it('may be missing with its directory', async () => {
    const { tell, end } = await process({ into: join(directory, 'a/b') });
    tell(pod(1));
    await end();
    expect(errors).toEqual([]);
    expect(await readdir(join(directory, 'a/b'))).toEqual(['endpoints.snapshot']);
  });

  it('that cannot be written is said; what there was stays', async () => {
    await earlier(pod(1));
    // For root, who may write anywhere, another obstacle than rights: a directory where the new file goes.
    await mkdir(`${file}.${hostname()}.tmp`);
    await chmod(directory, 0o500);
    const { sets, tell, fail, end } = await process();
    fail();
    expect(sets).toEqual([['10.0.0.1:1']]);
    tell(pod(2));
    await end();
    await chmod(directory, 0o700);
    expect(errors).toEqual([expect.stringContaining('cannot be written')]);
    const after = await process();
    after.fail();
    expect(after.sets).toEqual([['10.0.0.1:1']]);
    await after.end();
  });
});
