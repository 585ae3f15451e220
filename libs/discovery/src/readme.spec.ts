import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits as dnsLimits } from './dns/source.ts';
import * as discovery from './index.ts';
import { sliceLimits } from './kubernetes/slice-area.ts';
import { testKube } from './testing/kube.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'evenly-readme-'))));
afterEach(() => rm(directory, { recursive: true }));

/** Runs the text of an example as it stands, with another directory, and its own console and process. */
async function run(code: string, env: Record<string, string> = {}) {
  const printed: unknown[] = [];
  let stop: () => void = () => expect.unreachable('the example does not say how it ends');
  const known: Record<string, unknown> = {
    ...{ ...discovery, writeFileSync: fs.writeFileSync },
    console: {
      log: (value: unknown) => printed.push(value),
      error: (...values: unknown[]) => printed.push(values),
    },
    process: { env, once: (_signal: string, ended: () => void) => (stop = ended) },
  };
  const body = code
    .replace(/^import .*$/gm, '')
    .replaceAll("'endpoints.yaml'", JSON.stringify(join(directory, 'e.yaml')));
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the example's own text, so that it cannot go stale
  const main = new Function(...Object.keys(known), `return (async () => {${body}})()`) as (
    ...values: unknown[]
  ) => Promise<void>;
  await main(...Object.values(known));
  return { printed, stop: () => stop() };
}

describe('the README', () => {
  it('has a first example that works: files and fixed endpoints', async () => {
    const { printed, stop } = await run(examples[0]!);
    await expect.poll(() => printed).toEqual([['10.0.0.1:50051', '10.0.0.9:50051']]);
    fs.writeFileSync(join(directory, 'e.yaml'), 'endpoints: ["10.0.0.2:50051"]');
    await expect.poll(() => printed.at(-1)).toEqual(['10.0.0.2:50051', '10.0.0.9:50051']);
    stop();
  });

  it('has a second example that works: a service of the cluster that KUBECONFIG names', async () => {
    const { server, put } = await testKube();
    put('a', '10.0.0.1');
    const cluster = {
      clusters: [{ name: 'a', cluster: { server: server.url } }],
      users: [{ name: 'a', user: {} }],
    };
    const contexts = [{ name: 'a', context: { cluster: 'a', user: 'a' } }];
    const KUBECONFIG = join(directory, 'config');
    await writeFile(KUBECONFIG, JSON.stringify({ ...cluster, contexts, 'current-context': 'a' }));
    const { printed, stop } = await run(examples[1]!, { KUBECONFIG });
    await expect.poll(() => printed).toEqual([['10.0.0.1:50051']]);
    stop();
    await server.stop();
  });

  it('says the limits as they are', () => {
    const thousands = (value: number) => (value >= 10_000 ? value.toLocaleString('en') : `${value}`);
    expect(readme).toContain(`${thousands(sliceLimits.slices)}, ${thousands(sliceLimits.endpoints)} `);
    expect(readme).toContain(`${dnsLimits.endpoints}, ${dnsLimits.lookupsAtATime} look-ups at a time`);
  });

  it('names every source', () => {
    for (const name of Object.keys(discovery).filter((each) => each.endsWith('Source')))
      expect(readme).toContain(`\`${name}\``);
  });
});
