import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const docs = read('docs/conformance.md');

/** The files and names of tests that a table names. */
const named = [...docs.matchAll(/`([\w./-]+\.spec\.ts): ([^`]+)`/g)].map(
  ([, file, name]) => [file!, name!] as const,
);

describe('docs/conformance.md', () => {
  it('has a test in every line, or says that there is none', () => {
    const lines = docs.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| -'));
    const rows = lines.filter((line) => !/^\| (section|part) /.test(line));
    expect(rows.length).toBeGreaterThan(70);
    for (const row of rows) expect(row).toMatch(/\.spec\.ts: |\| —\s+\|$/);
  });

  it.each([...new Set(named.map(([file]) => file))])('names tests that are there: %s', (file) => {
    const path = file.startsWith('http2/') ? `libs/http2/src/${file.slice(6)}` : `apps/l7-proxy/src/${file}`;
    const source = read(path);
    for (const [, name] of named.filter(([one]) => one === file)) expect(source).toContain(name);
  });
});
