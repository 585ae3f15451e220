import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kubectl } from './kubectl.ts';

/** What is kept of scenarios whose tests failed, a folder each; git ignores *.log. */
const failures = fileURLToPath(new URL('failures/', import.meta.url));

const looks: Record<string, string[][]> = {
  'objects.log': [
    ['get', 'all,configmaps,endpointslices', '--output=wide'],
    ['describe', 'pods'],
  ],
  'events.log': [['get', 'events', '--sort-by=.lastTimestamp']],
};

/** How many of an echo-client's reasons are printed. */
const maxReasons = 20;

/**
 * Keeps a namespace's objects, events, logs and admin pages in e2e/kind/failures, and prints why calls failed: where only
 * the output of a run is kept, as in CI, a count of failed calls alone explains nothing.
 */
export async function keepForLater(kubectl: Kubectl): Promise<void> {
  const folder = join(failures, kubectl.namespace);
  await mkdir(folder, { recursive: true });
  /** Each kubectl's words, those of its failure too: something is wrong already. */
  const keep = async (file: string, commands: readonly string[][]) => {
    const texts: string[] = [];
    for (const args of commands) {
      const said = await kubectl.run(...args).then(
        ({ stdout }) => stdout,
        (error: Error) => error.message,
      );
      texts.push(`$ kubectl ${args.join(' ')}\n${said}`);
    }
    await writeFile(join(folder, file), texts.join('\n'));
    return texts.join('\n');
  };
  for (const [file, commands] of Object.entries(looks)) await keep(file, commands);
  for (const { name, adminPort, restarts } of await kubectl.pods('app.kubernetes.io/part-of=evenly')) {
    const logs = ['logs', name, '--all-containers', '--prefix', '--timestamps', '--tail=20000'];
    const said = await keep(`${name}.log`, restarts > 0 ? [logs, [...logs, '--previous']] : [logs]);
    // The line before says when it was, and who answered.
    const reasons = said.match(/^.*\n.*first error: .*$/gm) ?? [];
    for (const reason of reasons.slice(-maxReasons)) console.error(reason);
    if (adminPort === undefined) continue;
    const page = (path: string) => [
      'get',
      '--raw',
      `/api/v1/namespaces/${kubectl.namespace}/pods/${name}:${adminPort}/proxy/${path}`,
    ];
    await keep(`${name}.admin.log`, [page('status'), page('metrics')]);
  }
}
