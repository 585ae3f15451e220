import { execFile } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const stageScript = join(root, 'docker/stage.mjs');

const mebibyte = 1024 * 1024;

// What docker/build.mjs puts into the images, without docker: run from a directory with nothing of the checkout beside it.
// The lab's has all other apps in it, which it starts.
describe.each([
  ['xds-server', ['xds-server'], 40],
  ['lab', ['lab', 'xds-server', 'l7-proxy', 'frontend', 'echo-client', 'echo-backend'], 60],
])('image of %s', (image, programs, enoughMebibytes) => {
  const directory = mkdtempSync(join(tmpdir(), `image-${image}-`));
  const mainOf = (app: string) => join(directory, 'apps', app, 'dist/main.js');
  let files: string[] = [];
  it('holds what the app needs and the licences of whose it is, and no machine code', async () => {
    const { stdout } = await run(process.execPath, [stageScript, image, directory]);
    files = stdout.trim().split('\n');
    expect(files.filter((file) => /\.(node|so|map|d\.ts)$/.test(file))).toEqual([]);
    for (const name of ['pino', 'prom-client', 'zod'])
      expect(files, name).toContain(`node_modules/${name}/LICENSE`);
    const bytes = files.reduce((sum, file) => sum + lstatSync(join(directory, file)).size, 0);
    expect(bytes / mebibyte).toBeLessThan(enoughMebibytes);
  }, 600_000);

  it.each(programs)('%s starts', async (app) => {
    const { stdout } = await run(process.execPath, [mainOf(app), '--help'], { cwd: tmpdir() });
    expect(stdout).toMatch(/^Usage: /);
  });

  it('all that a program loads later can be loaded, too', async () => {
    const later = files.filter((file) => /^apps\/.*\/chunk-.*\.js$/.test(file));
    expect(later.length).toBeGreaterThan(0);
    for (const file of later) {
      await run(process.execPath, [join(directory, file)]).catch((error: Error) => {
        throw new Error(`${file}: ${error.message}`);
      });
    }
  });

  it('reads a config in a thread, which no import shows', async () => {
    const config = join(directory, 'mesh.yaml');
    // A small one is read without it.
    const long = '# a service\n'.repeat(2000);
    writeFileSync(config, `${long}services: { a: { sauce: 1 } }`);
    const start = run(process.execPath, [mainOf('xds-server'), `--config=${config}`, '--port=0']);
    await expect(start).rejects.toThrow('services.a.sauce: is not a field that is known here');
  });

  it('reads a small config without one', async () => {
    const config = join(directory, 'small.yaml');
    writeFileSync(config, 'services: { a: { sauce: 1 } }');
    const start = run(process.execPath, [mainOf('xds-server'), `--config=${config}`, '--port=0']);
    await expect(start).rejects.toThrow('services.a.sauce: is not a field that is known here');
  });

  it.runIf(image === 'lab')('has the pages, and the chart library for browsers', () => {
    for (const page of readdirSync(join(root, 'apps/lab/assets')))
      expect(files).toContain(`apps/lab/assets/${page}`);
    expect(files).toContain('node_modules/d3/dist/d3.min.js');
    expect(files).toContain('node_modules/@observablehq/plot/dist/plot.umd.min.js');
  });
});
