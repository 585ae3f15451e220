import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compliesAsSource, observe } from '@evenly/endpoints/testing';
import { fileSource } from './file-source.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenly-file-source-'));
  path = join(directory, 'endpoints.yaml');
});
afterEach(() => rm(directory, { recursive: true }));

/** In one step, as an editor or a ConfigMap does. */
async function write(text: string) {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

describe('fileSource', () => {
  compliesAsSource(async () => {
    await write('endpoints: ["10.0.0.1:1"]');
    let text = '';
    return {
      source: fileSource({ path, pollMs: 20 }),
      change: () => write((text = 'endpoints: ["10.0.0.2:1"]')),
      fail: () => rm(path),
      heal: () => write(text || 'endpoints: ["10.0.0.1:1"]'),
    };
  });

  it('follows the file: removed endpoints are gone, none is an empty set', async () => {
    await write('endpoints: ["10.0.0.1:1", "[::1]:2"]');
    const { sets, stop } = observe(fileSource({ path }));
    await expect.poll(() => sets.at(-1)).toEqual(['10.0.0.1:1', '[::1]:2']);
    await write('endpoints: ["[::1]:2"]');
    await expect.poll(() => sets.at(-1)).toEqual(['[::1]:2']);
    await write('{"endpoints": []}');
    await expect.poll(() => sets.at(-1)).toEqual([]);
    stop();
  });

  it('says what is wrong with a broken file, and keeps the last endpoints', async () => {
    await write('endpoints: ["10.0.0.1:1"]');
    const { sets, failures, log, stop } = observe(fileSource({ path }));
    await expect.poll(() => sets).toHaveLength(1);
    await write('endpoints:\n  - 10.0.0.1');
    await expect.poll(() => failures[0]?.code).toBe('INVALID');
    expect(failures[0]!.message).toContain('endpoints.yaml:2: endpoints.0: must be an IP address and a port');
    await write('endpoints: ["10.0.0.1:1"]');
    await expect.poll(() => log).toEqual(['set', 'INVALID', 'recovered']);
    stop();
  });
});
