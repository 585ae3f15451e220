import { readFile, realpath, stat, statfs } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname, sep } from 'node:path';

/**
 * File systems whose files nobody changes but by way of this kernel, which tells who watches (their numbers: linux/magic.h). Of
 * a change on another machine by NFS (fsnotify#306), or of a file that a virtual machine shares with its host (fsnotify#292), inotify
 * says nothing.
 */
const local = new Set([
  0xef53, // ext2, ext3, ext4
  0x5846_5342, // xfs
  0x9123_683e, // btrfs
  0x2fc1_2fc1, // zfs
  0xf2f5_2010, // f2fs
  0x0102_1994, // tmpfs
  0x8584_58f6, // ramfs
  0x794c_7630, // overlayfs
]);

/** Whether a watch of the file's directory hears of each change of what the path leads to; false also where that cannot be told. */
export async function watchSeesAll(path: string): Promise<boolean> {
  try {
    const directory = await realpath(dirname(path));
    const file = await realpath(path);
    if ((await stat(file)).nlink > 1) return false; // it may be written by its other name
    // A link as in a ConfigMap leads to a directory beside it, in whose place another one is put.
    if (!file.startsWith(directory + sep)) return false;
    if (platform() !== 'linux') return true;
    return !(await isMounted(file)) && local.has((await statfs(directory)).type);
  } catch {
    return false;
  }
}

/**
 * By itself, as by Docker's `-v FILE:FILE` and Kubernetes' `subPath`: what becomes of it is told where it comes from.
 * See proc_pid_mountinfo(5): the fifth field is the mount point, with blanks in octal.
 */
async function isMounted(file: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  const octal = (all: string) => `\\${all.charCodeAt(0).toString(8).padStart(3, '0')}`;
  const written = file.replaceAll(/[\s\\]/g, octal);
  return mounts.split('\n').some((line) => line.split(' ', 5)[4] === written);
}
