import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkout } from './blocks.ts';

/** Where the options of each program are told: all of them together, and no others. */
const told: { command: string; pages: string[] }[] = [
  { command: 'echo-backend', pages: ['apps/echo-backend/README.md#options'] },
  { command: 'echo-client', pages: ['apps/echo-client/README.md#options'] },
  { command: 'frontend', pages: ['apps/frontend/README.md#options'] },
  { command: 'xds-server', pages: ['apps/xds-server/README.md#options', 'docs/gateway-api.md#options'] },
  {
    command: 'xds-server bootstrap',
    pages: ['apps/xds-server/README.md#a-clients-bootstrap-xds-server-bootstrap'],
  },
  { command: 'l7-proxy', pages: ['docs/l7-proxy.md#options', 'docs/proxy-edge.md'] },
  { command: 'lab start', pages: ['apps/lab/README.md#options-of-npm-start'] },
  { command: 'lab compare', pages: ['apps/lab/README.md#options-of-compare'] },
];

/** What `--help` tells, whose lines are folded where the terminal ends. No default: the option may be absent. */
function helpOf(command: string): { flag: string; default: string | undefined }[] {
  const [app, ...subCommand] = command.split(' ');
  const main = join(checkout, `apps/${app}/dist/main.js`);
  const help = execFileSync(process.execPath, [main, ...subCommand, '--help'], { encoding: 'utf8' });
  const folded = help.replace(/\n {8,}/g, ' ');
  return [...folded.matchAll(/^ {2}(--[\w-]+).*$/gm)].flatMap(([line, flag = '']) => {
    if (flag === '--version') return [];
    if (line.endsWith(', required)')) return [{ flag, default: 'required' }];
    const [, text] = /, default (.*)\)$/.exec(line) ?? [];
    return [{ flag, default: text === 'false' ? 'off' : text }];
  });
}

/** What the tables of options of a page tell, or of one of its sections. */
function toldBy(page: string): { flag: string; default: string }[] {
  const [file = '', section] = page.split('#');
  const text = readFileSync(join(checkout, file), 'utf8');
  return tablesOf(section === undefined ? text : sectionOf(text, section)).flatMap(
    ([header = [], , ...rows]) => {
      const flags = header.findIndex((name) => name === 'flag' || name === 'option');
      const defaults = header.indexOf('default');
      return flags < 0 || defaults < 0
        ? []
        : rows.flatMap((row) => rowsOf(row[flags] ?? '', row[defaults] ?? ''));
    },
  );
}

function sectionOf(text: string, section: string): string {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-');
  const sections = text.split(/^#+ /m);
  const found = sections.find((part) => slug(part.slice(0, part.indexOf('\n'))) === section);
  if (found === undefined) throw new Error(`no section ${section}`);
  return found;
}

const tablesOf = (text: string): string[][][] =>
  [...text.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) => table.trim().split('\n').map(cellsOf));

const cellsOf = (row: string) =>
  row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

/** One row may be about two flags, and then tells two defaults, or the one that both have. */
function rowsOf(flagCell: string, defaultCell: string): { flag: string; default: string }[] {
  const flags = [...flagCell.matchAll(/`(--[\w-]+)/g)].map(([, flag = '']) => flag);
  const text = defaultCell.replaceAll('`', '').replace(/(\d),(\d{3})\b/g, '$1$2');
  const parts = text.split(', ');
  return flags.map((flag, index) => ({
    flag,
    default: (flags.length > 1 && parts.length === flags.length ? parts[index] : undefined) ?? text,
  }));
}

/** A value, other than words such as "never" or "a quarter of the heap", which are for options that may be absent. */
const isValue = (text: string) => /^(\d\S*|on|off|required)$/.test(text);

function isSame(onPage: string, inHelp: string | undefined): boolean {
  if (inHelp === undefined) return !isValue(onPage);
  return onPage === (inHelp === hostname() ? "the host's name" : inHelp);
}

describe('options of the programs', () => {
  it.each(told)('$command: its pages tell what --help tells', ({ command, pages }) => {
    const help = new Map(helpOf(command).map((its) => [its.flag, its.default]));
    const rows = pages.flatMap(toldBy);
    expect(help.size).toBeGreaterThan(0);
    expect({
      'not on a page': [...help.keys()].filter((flag) => !rows.some((row) => row.flag === flag)),
      'not in --help': rows.map(({ flag }) => flag).filter((flag) => !help.has(flag)),
      'another default': rows
        .filter((row) => !isSame(row.default, help.get(row.flag)))
        .map((row) => `${row.flag}: "${row.default}", by --help "${help.get(row.flag) ?? ''}"`),
    }).toEqual({ 'not on a page': [], 'not in --help': [], 'another default': [] });
  });
});
