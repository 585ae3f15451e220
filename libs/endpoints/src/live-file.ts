import { watch, type FSWatcher } from 'node:fs';
import { lstat, readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

export interface LiveFileListener {
  /** The text of the file: first once, then whenever it changed, and again when it can be read after an error. */
  onText(text: string): void;
  /** The file cannot be read now; said once until that changes. What was read before stays. */
  onError(error: Error): void;
}

/** The largest file that is read; more is an error, so that a wrong path cannot fill the process. */
const maxBytes = 8 * 1024 * 1024;

/**
 * Reads a file now and whenever its content changes.
 * The directory is watched, not the file: Kubernetes updates a ConfigMap by swapping a symlink beside it, which a watch
 * on the file's inode never sees (viper#284, envoy#10979). What becomes of other files there matters for a symlink only: a
 * log beside the file would else have it read with each line. Polling is the fallback where watching does not work.
 * @returns stops watching
 */
export function watchFile(path: string, listener: LiveFileListener, pollMs = 5000): () => void {
  let last: string | undefined;
  let lastError: string | undefined;
  let reading = false;
  let again = false;
  let stopped = false;
  let symlink = true;

  const read = async () => {
    if (reading) return void (again = true);
    reading = true;
    do {
      again = false;
      symlink = await isSymlink(path);
      const result = await readText(path);
      if (stopped) return;
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
  };

  const name = basename(path);
  const watcher = watchDirectory(dirname(path), (changed) => {
    if (symlink || changed === null || changed === name) void read();
  });
  const timer = setInterval(() => void read(), pollMs);
  timer.unref();
  void read();
  return () => {
    stopped = true;
    clearInterval(timer);
    watcher?.close();
  };
}

async function readText(path: string): Promise<string | Error> {
  try {
    const info = await stat(path);
    if (!info.isFile()) return new Error(`${path} is no file`); // reading a pipe could wait for ever
    if (info.size > maxBytes)
      return new Error(`${path} has ${info.size} bytes; at most ${maxBytes} are read`);
    return await readFile(path, 'utf8');
  } catch (error) {
    return error as Error;
  }
}

async function isSymlink(path: string): Promise<boolean> {
  return lstat(path).then(
    (info) => info.isSymbolicLink(),
    () => false, // readText says why
  );
}

/** @param onChange told the name of the file in it, or null where the system does not say */
function watchDirectory(
  directory: string,
  onChange: (changed: string | null) => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, (_event, changed) => onChange(changed));
    // A watcher may fail later too (inotify limits, the directory replaced); polling then carries on alone.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined; // no such directory, or no watching here: polling finds the file when it appears
  }
}
