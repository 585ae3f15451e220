import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What a run of tests, or a program that it starts, puts into the folder for temporary files goes with the run: after
 * failures and time-outs too, and whoever forgets to remove its own.
 */
export default function setup(): () => void {
  const before = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), 'evenly-test-'));
  process.env['TMPDIR'] = folder; // of the workers and their children, and of os.tmpdir()
  return () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    // A program that is just ending may still write.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
