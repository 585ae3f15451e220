import { lstat, readFile, stat, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { watchSeesAll } from './watch-sight.ts';

// A third less work than the functions of node:fs/promises, which make a FileHandle for each reading.
const read = { lstat: promisify(lstat), stat: promisify(stat), readFile: promisify(readFile) };

export interface LiveFileListener {
  /** The text of the file: first once, then whenever it changed, and again when it can be read after an error. */
  onText(text: string): void;
  /** The file cannot be read now; said once until that changes. What was read before stays. */
  onError(error: Error): void;
}

/** The largest file that is read; more is an error, so that a wrong path cannot fill the process. */
const maxBytes = 8 * 1024 * 1024;

/** How often a file is read where the watch of its directory tells of each change: in case it does not. */
const watchedPollMs = 60_000;

/**
 * Reads a file now and whenever its content changes.
 * The directory is watched, not the file: Kubernetes updates a ConfigMap by swapping a symlink beside it, which a watch
 * on the file's inode never sees (viper#284, envoy#10979). What becomes of other files there matters for a link only: a
 * log beside the file would else have it read with each line. Polling is the fallback where watching does not work, or
 * does not see all (`watch-sight.ts`). Each reading wakes the process.
 * @returns stops watching
 */
export function watchFile(path: string, listener: LiveFileListener, pollMs = 5000): () => void {
  let last: string | undefined;
  let lastError: string | undefined;
  let reading = false;
  let again = false;
  let stopped = false;
  /** Events of other files in the directory change nothing. */
  let ownEventsOnly = false;
  let timer: NodeJS.Timeout | undefined;
  /** Whether the watch tells of each change; undefined: that is yet to be looked at, as it is with each reading by the clock. */
  let seesAll: boolean | undefined;

  const readNow = async () => {
    if (reading) return void (again = true);
    reading = true;
    clearTimeout(timer);
    do {
      again = false;
      const { result, isPlain } = await readText(path);
      if (stopped) return;
      ownEventsOnly = isPlain;
      if (result instanceof Error) {
        // By its code: a file that goes between two system calls has another message each time, and is gone all the same.
        const what = (result as NodeJS.ErrnoException).code ?? result.message;
        if (what !== lastError) listener.onError(result);
        lastError = what;
      } else {
        if (result !== last || lastError !== undefined) listener.onText(result);
        last = result;
        lastError = undefined;
      }
    } while (again);
    reading = false;
    const isWatched = watcher !== undefined;
    watcher ??= watchDirectory(dirname(path), { onChange, onLost });
    seesAll ??= await watchSeesAll(path);
    if (stopped || reading) return;
    clearTimeout(timer);
    timer = setTimeout(readLater, isWatched && seesAll ? Math.max(pollMs, watchedPollMs) : pollMs).unref();
  };
  const readLater = () => {
    seesAll = undefined;
    void readNow();
  };

  const concerns = eventsOf(path);
  const onChange = (name: string | null) => {
    if (reading || !ownEventsOnly || concerns(name)) void readNow();
  };
  const onLost = () => {
    watcher?.close();
    watcher = undefined;
    seesAll = undefined;
    if (!stopped) void readNow();
  };
  let watcher = watchDirectory(dirname(path), { onChange, onLost });
  void readNow();
  return () => {
    stopped = true;
    clearTimeout(timer);
    watcher?.close();
  };
}

/** @returns the text, and whether only a change of this very name can change it: it is no link, and has no other name */
async function readText(path: string): Promise<{ result: string | Error; isPlain: boolean }> {
  let isPlain = false;
  try {
    const own = await read.lstat(path);
    isPlain = own.isFile() && own.nlink === 1;
    const info = own.isSymbolicLink() ? await read.stat(path) : own;
    if (!info.isFile()) throw new Error(`${path} is no file`); // reading a pipe could wait for ever
    if (info.size > maxBytes) throw new Error(`${path} has ${info.size} bytes; at most ${maxBytes} are read`);
    return { result: await read.readFile(path, 'utf8'), isPlain };
  } catch (error) {
    return { result: error as Error, isPlain };
  }
}

/** Whether an event of the directory may be of this file: by its name, or the directory's, or none. */
function eventsOf(path: string): (name: string | null) => boolean {
  // Some file systems know no case, and write accents in their own way.
  const plain = (name: string) => name.normalize().toLowerCase();
  const names = new Set([path, dirname(path)].map((each) => plain(basename(each))));
  return (name) => name === null || names.has(plain(name));
}

/** @param onLost the directory may be another one now, which this watch does not see, or the watch has failed */
function watchDirectory(
  directory: string,
  { onChange, onLost }: { onChange: (name: string | null) => void; onLost: () => void },
): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, (event, name) => {
      if (event === 'rename' && name === basename(directory)) onLost();
      else onChange(name);
    });
    watcher.on('error', onLost);
    return watcher;
  } catch {
    return undefined; // no such directory, or no watching here: it is tried again with each reading
  }
}
