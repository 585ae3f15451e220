import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { watchSeesAll } from './watch-sight.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'watch sight-'));
  path = join(directory, 'a.json');
  await writeFile(path, 'one');
});
afterEach(() => rm(directory, { recursive: true }));

it('all of a file on a disk of this machine', async () => {
  expect(await watchSeesAll(path)).toBe(true);
});

it('all of a ConfigMap, whose links lead to a directory beside them', async () => {
  await mkdir(join(directory, '..1'));
  await rename(path, join(directory, '..1', 'a.json'));
  await symlink('..1', join(directory, '..data'));
  await symlink(join('..data', 'a.json'), path);
  expect(await watchSeesAll(path)).toBe(true);
});

it('not what is written by another name, or elsewhere', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'watch-sight-'));
  onTestFinished(() => rm(elsewhere, { recursive: true }));
  await link(path, join(elsewhere, 'b.json'));
  expect(await watchSeesAll(path)).toBe(false);
  await rm(path);
  await symlink(join(elsewhere, 'b.json'), path);
  expect(await watchSeesAll(path)).toBe(false);
});

it('not what is not there', async () => {
  expect(await watchSeesAll(join(directory, 'b.json'))).toBe(false);
});

it.runIf(process.platform === 'linux')('not a file system whose files change otherwise', async () => {
  expect(await watchSeesAll('/proc/version')).toBe(false);
});

it('not a file that is mounted by itself, as Docker does with -v FILE:FILE', async (context) => {
  const other = join(directory, 'b.json');
  await writeFile(other, 'two');
  try {
    execFileSync('mount', ['--bind', other, path], { stdio: 'pipe' });
  } catch {
    return context.skip('mounting takes Linux and rights');
  }
  try {
    expect(await watchSeesAll(path)).toBe(false);
  } finally {
    execFileSync('umount', [path]);
  }
});
