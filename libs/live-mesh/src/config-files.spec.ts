import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MeshConfig } from '@evenly/mesh-config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followConfigFiles, followConfigFilesFromNow } from './config-files.ts';

let directory: string;
let stop = () => {};
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'evenly-config-files-'))));
afterEach(async () => {
  stop();
  await rm(directory, { recursive: true });
});

const service = (name: string, endpoints = '["127.0.0.1:1"]') =>
  `services:\n  ${name}:\n    source: { static: { endpoints: ${endpoints} } }\n`;

async function follow(files: Record<string, string>) {
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    paths.push(join(directory, name));
    await writeFile(paths.at(-1)!, text);
  }
  const configs: MeshConfig[] = [];
  const refused: string[] = [];
  stop = followConfigFiles(
    paths,
    {},
    {
      onConfig: (config) => configs.push(config),
      onRefused: (error) => refused.push(error.message),
    },
  );
  const names = () => [...(configs.at(-1)?.services.keys() ?? [])];
  return {
    configs,
    refused,
    names,
    write: (name: string, text: string) => writeFile(join(directory, name), text),
  };
}

describe('followConfigFiles', () => {
  it('tells several files as one config, and any change of one with the others as they stand', async () => {
    const { names, write } = await follow({ 'a.yaml': service('a'), 'b.yaml': service('b') });
    await expect.poll(names).toEqual(['a', 'b']);
    await write('b.yaml', service('c'));
    await expect.poll(names).toEqual(['a', 'c']);
  });

  it('refuses a name that two files have, and names both', async () => {
    const { refused, configs } = await follow({ 'a.yaml': service('a'), 'b.yaml': service('a') });
    await expect.poll(() => refused).toHaveLength(1);
    expect(refused[0]).toContain('a.yaml');
    expect(refused[0]).toContain('b.yaml');
    expect(configs).toEqual([]);
  });

  it('refuses a broken file and stays with the last good config', async () => {
    const { refused, names, configs, write } = await follow({ 'a.yaml': service('a') });
    await expect.poll(names).toEqual(['a']);
    await write('a.yaml', `${service('a')}routes: [{ to: [{ service: nobody }] }]\n`);
    await expect.poll(() => refused.join('\n')).toContain('nobody');
    expect(configs).toHaveLength(1);
  });

  it("takes an endpoint file's path relative to the config's directory", async () => {
    const text = 'services:\n  a:\n    source: { file: { path: endpoints.json } }\n';
    const { configs } = await follow({ 'a.yaml': text });
    await expect.poll(() => configs).toHaveLength(1);
    expect(configs[0]!.services.get('a')!.source).toEqual({
      kind: 'file',
      path: join(directory, 'endpoints.json'),
    });
  });

  it('does not start with files that are broken or missing', async () => {
    const listener = { onConfig: () => {}, onRefused: () => {} };
    await expect(followConfigFilesFromNow([join(directory, 'none.yaml')], {}, listener)).rejects.toThrow(
      'ENOENT',
    );
    await writeFile(join(directory, 'a.yaml'), 'services: 1');
    await expect(followConfigFilesFromNow([join(directory, 'a.yaml')], {}, listener)).rejects.toThrow(
      'a.yaml:1',
    );
  });
});
