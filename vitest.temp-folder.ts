import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const prefix = 'evenly-test-';

/**
 * What a run of tests, or a program that it starts, puts into the folder for temporary files goes with the run: after
 * failures and time-outs too, and whoever forgets to remove its own.
 */
export default function setup(): (() => void) | undefined {
  const before = process.env['TMPDIR'];
  // Each project of a run sets up. One folder for all: a folder in the other's would make paths too long for sockets.
  if (before !== undefined && basename(before).startsWith(prefix)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), prefix));
  process.env['TMPDIR'] = folder; // of the workers and their children, and of os.tmpdir()
  return () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    // A program that is just ending may still write.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
