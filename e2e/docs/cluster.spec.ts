import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { blocksOf, checkout, commandsOf, pages } from './blocks.ts';

/**
 * Of blocks that need a cluster: that what they apply can be built, and that what they ask for by name is in it. That it comes
 * up and does what the page says is shown by the overlay's test in e2e/kind, which applies the same folder.
 */
const kubectl = (...args: string[]) =>
  execFileSync('kubectl', args, { cwd: checkout, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
const hasKubectl = () => {
  try {
    kubectl('version', '--client');
    return true;
  } catch {
    return false;
  }
};

interface Named {
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** `namespace/kind/name` of all that an overlay makes. */
function objectsOf(folder: string): string[] {
  return parseAllDocuments(kubectl('kustomize', folder)).flatMap((document) => {
    const object = document.toJS() as Named | null;
    if (object === null) return [];
    const { namespace = '', name } = object.metadata;
    return [`${namespace}/${object.kind.toLowerCase()}/${name}`];
  });
}

const kinds = 'deployment|service|configmap|gatewayclass';
const named = new RegExp(`[ ](${kinds})[/ ]([a-z][a-z0-9-]*)`);

describe.skipIf(!hasKubectl())('blocks for a cluster', () => {
  const told = pages().flatMap((page) => {
    const blocks = blocksOf(page).filter(({ marker }) => marker?.kind === 'cluster');
    const lines = blocks.flatMap((block) => commandsOf(block).split('\n'));
    return lines.length === 0 ? [] : [{ page, lines: lines.map((line) => line.replace(/\s#.*/, '')) }];
  });

  it.each(told)('$page: names what is there', ({ lines }) => {
    const applied = lines.flatMap((line) => /^kubectl (?:apply|delete) -k (\S+)/.exec(line)?.[1] ?? []);
    const objects = [...new Set(applied)].flatMap(objectsOf);
    const missing = lines.flatMap((line) => {
      const [, file] = /(?:-f|--values) (\S+)/.exec(line) ?? [];
      if (file !== undefined && !existsSync(join(checkout, file))) return [`${line}: no ${file}`];
      const [, kind, name] = named.exec(line) ?? [];
      if (!line.startsWith('kubectl') || name === undefined || applied.length === 0) return [];
      // What belongs to the whole cluster is asked for without a namespace.
      const [, namespace] = /-n (\S+)/.exec(line) ?? [];
      const isIt = (object: string) =>
        namespace === undefined
          ? object.endsWith(`/${kind}/${name}`)
          : object === `${namespace}/${kind}/${name}`;
      return objects.some(isIt) ? [] : [`${line}: no ${kind} ${name}`];
    });
    expect(missing).toEqual([]);
  });
});
