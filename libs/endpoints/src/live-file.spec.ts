import { once } from 'node:events';
import { watch } from 'node:fs';
import { link, mkdir, mkdtemp, rename, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFile } from './live-file.ts';

let directory: string;
let stop = () => {};
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'evenly-live-file-'))));
afterEach(async () => {
  stop();
  await rm(directory, { recursive: true });
});

function watching(path: string, pollMs?: number) {
  const seen: string[] = [];
  const errors: string[] = [];
  stop = watchFile(
    path,
    { onText: (text) => seen.push(text), onError: (error) => errors.push(error.message) },
    pollMs,
  );
  return { seen, errors };
}

describe('watchFile', () => {
  it('sees edits, once each', async () => {
    const path = join(directory, 'a.json');
    await writeFile(path, 'one');
    const { seen } = watching(path);
    await expect.poll(() => seen).toEqual(['one']);
    // The same again, in one step: a write in place would let an empty text be seen, and then this one anew.
    await writeFile(join(directory, 'other'), 'one');
    await rename(join(directory, 'other'), path);
    await writeFile(path, 'two');
    // A write truncates first, so an empty text may be seen between the two.
    await expect.poll(() => seen.filter((text) => text !== '')).toEqual(['one', 'two']);
  });

  it('does not read it again for other files of the directory, or by the clock', async () => {
    const path = join(directory, 'a.json');
    await writeFile(path, 'one');
    const { seen } = watching(path, 1);
    await expect.poll(() => seen).toEqual(['one']);
    // Written by another name, of which the directory hears nothing: whoever reads the file now sees it.
    await mkdir(join(directory, 'sub'));
    await link(path, join(directory, 'sub', 'b.json'));
    await writeFile(join(directory, 'sub', 'b.json'), 'two');
    const log = watch(directory);
    for (let line = 0; line < 10; line++) {
      const heard = once(log, 'change');
      await writeFile(join(directory, 'log'), `${line}`);
      await heard;
      await stat(path);
    }
    log.close();
    await writeFile(join(directory, 'next'), 'three');
    await rename(join(directory, 'next'), path);
    await expect.poll(() => seen).toContain('three');
    expect(seen).toEqual(['one', 'three']);
  });

  it("sees a ConfigMap's symlink swap", async () => {
    const put = async (version: string, text: string) => {
      await mkdir(join(directory, version));
      await writeFile(join(directory, version, 'a.json'), text);
      await symlink(version, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    await put('..1', 'one');
    await symlink(join('..data', 'a.json'), join(directory, 'a.json'));
    const { seen } = watching(join(directory, 'a.json'));
    await expect.poll(() => seen).toEqual(['one']);
    await put('..2', 'two');
    await expect.poll(() => seen).toEqual(['one', 'two']);
  });

  it('sees what a link in the place of a plain file leads to, and changes of that', async () => {
    const path = join(directory, 'a.json');
    await writeFile(path, 'one');
    const { seen } = watching(path);
    await expect.poll(() => seen).toEqual(['one']);
    await writeFile(join(directory, 'b.json'), 'two');
    await symlink('b.json', join(directory, 'link'));
    await rename(join(directory, 'link'), path);
    await expect.poll(() => seen).toEqual(['one', 'two']);
    await writeFile(join(directory, 'new'), 'three');
    await rename(join(directory, 'new'), join(directory, 'b.json'));
    await expect.poll(() => seen).toEqual(['one', 'two', 'three']);
  });

  it('sees what is written under another name of the same file', async () => {
    const path = join(directory, 'a.json');
    await writeFile(join(directory, 'b.json'), 'one');
    await link(join(directory, 'b.json'), path);
    const { seen } = watching(path);
    await expect.poll(() => seen).toEqual(['one']);
    await writeFile(join(directory, 'b.json'), 'two');
    await expect.poll(() => seen.filter((text) => text !== '')).toEqual(['one', 'two']);
  });

  it('says once that a file is missing, and reads it when it appears, even in a directory that was not there', async () => {
    const path = join(directory, 'sub', 'a.json');
    const { seen, errors } = watching(path, 10);
    await expect.poll(() => errors).toHaveLength(1);
    expect(errors[0]).toContain('ENOENT');
    await mkdir(join(directory, 'sub'));
    await writeFile(path, 'one');
    await expect.poll(() => seen.at(-1)).toBe('one');
    await unlink(path);
    await expect.poll(() => errors).toHaveLength(2);
  });

  it('follows a directory that another takes the place of', async () => {
    const path = join(directory, 'sub', 'a.json');
    await mkdir(join(directory, 'sub'));
    await writeFile(path, 'one');
    const { seen } = watching(path, 10);
    await expect.poll(() => seen).toEqual(['one']);
    await mkdir(join(directory, 'next'));
    await writeFile(join(directory, 'next', 'a.json'), 'two');
    await rename(join(directory, 'sub'), join(directory, 'old'));
    await rename(join(directory, 'next'), join(directory, 'sub'));
    await expect.poll(() => seen.at(-1)).toBe('two');
    await writeFile(path, 'three');
    await expect.poll(() => seen.at(-1)).toBe('three');
  });

  it('refuses what is no file', async () => {
    const { seen, errors } = watching(directory);
    await expect.poll(() => errors).toEqual([`${directory} is no file`]);
    expect(seen).toEqual([]);
  });

  it('refuses a file that is far too large', async () => {
    const path = join(directory, 'a.json');
    await writeFile(path, Buffer.alloc(8 * 1024 * 1024 + 1, 'x'));
    const { seen, errors } = watching(path);
    await expect.poll(() => errors).toHaveLength(1);
    expect(errors[0]).toContain('at most 8388608 are read');
    expect(seen).toEqual([]);
  });
});
