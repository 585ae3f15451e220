import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What a block's info string says after its language.
 *
 * - `run`: the test types it, and it has to succeed.
 * - `run until "TEXT"`: likewise, and it goes on running in a terminal of its own: the next block comes when TEXT was printed.
 * - `cluster`: it needs a cluster.
 * - `skip: WHY`: nobody runs it here.
 * - `file=NAME`: a reader saves it under this name.
 */
export type Marker =
  | { kind: 'run'; until?: string }
  | { kind: 'cluster' }
  | { kind: 'skip'; why: string }
  | { kind: 'file'; name: string };

export interface Block {
  /** Where it is, `README.md:20`. */
  at: string;
  language: string;
  text: string;
  /** Undefined where there is none, or one that cannot be understood. */
  marker: Marker | undefined;
}

/** Every page that is under version control, or will be. */
export function pages(): string[] {
  const options = { cwd: checkout, encoding: 'utf8' } as const;
  return execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], options).trim().split('\n');
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { block: Block; fence: string; lines: string[] } | undefined;
  for (const [index, line] of readFileSync(join(checkout, page), 'utf8').split('\n').entries()) {
    const [, fence, language = '', rest = ''] = /^\s*(`{3,})(\S*)\s*(.*)$/.exec(line) ?? [];
    if (open !== undefined && fence === open.fence && language === '') {
      blocks.push({ ...open.block, text: open.lines.join('\n') });
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line);
    } else if (fence !== undefined) {
      const block = { at: `${page}:${index + 1}`, language, text: '', marker: markerIn(rest.trim()) };
      open = { block, fence, lines: [] };
    }
  }
  return blocks;
}

function markerIn(text: string): Marker | undefined {
  if (text === 'run') return { kind: 'run' };
  if (text === 'cluster') return { kind: 'cluster' };
  const [, until] = /^run until "(.+)"$/.exec(text) ?? [];
  if (until !== undefined) return { kind: 'run', until };
  const [, why] = /^skip: (\S.*)$/.exec(text) ?? [];
  if (why !== undefined) return { kind: 'skip', why };
  const [, name] = /^file=([\w.-]+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { kind: 'file', name };
}

const shells = new Set(['sh', 'bash', 'shell', 'console']);
const isTyped = (text: string) => /^\$ /m.test(text);

/** Whether a reader is meant to type what is in it: also where the fence has no language. */
export const hasCommands = ({ language, text }: Block) =>
  shells.has(language) || (language === '' && isTyped(text));

/** What is typed: in a block with output, what comes after `$ `. */
export const commandsOf = ({ text }: Block) =>
  isTyped(text)
    ? text
        .split('\n')
        .flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []))
        .join('\n')
    : text;
