import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '@evenly/endpoints';

/** A `file:` target whose endpoints a test changes: the whole of a source's words, without a server for it. */
export async function fileTarget(...initial: Partial<Endpoint>[]) {
  const path = join(await mkdtemp(join(tmpdir(), 'evenly-')), 'endpoints.json');
  const writeText = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path); // never seen half written
  };
  const publish = (...endpoints: Partial<Endpoint>[]) => writeText(JSON.stringify({ endpoints }));
  await publish(...initial);
  return { path, target: `file://${path}`, publish, writeText };
}
