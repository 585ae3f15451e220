import { readFileSync, readdirSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCli } from './cli.ts';
import { differences } from './differences.ts';
import { scenarios } from './scenarios.ts';
import { TestHost } from './testing/index.ts';

const folder = new URL('../scenarios/', import.meta.url);
const docs = readFileSync(new URL('../../../docs/scenarios.md', import.meta.url), 'utf8');

describe('the scenarios', () => {
  it('are listed: what each is, when to use it, where the lab differs', async () => {
    const host = new TestHost();
    expect(await runCli(host.for('list'))).toBe(0);
    const out = stripVTControlCharacters(host.out);
    for (const { name, about, use, differs } of scenarios) {
      expect(out).toMatch(new RegExp(`^${name} `, 'm'));
      for (const text of [about, `When: ${use}`, `Unlike a real cluster: ${differs}`])
        expect(out).toContain(text);
    }
    for (const text of differences) expect(out).toContain(`- ${text}`);
  });

  it('and their differences from a real cluster are in the documentation, word by word', () => {
    const plain = docs.replaceAll(/\s+/g, ' ').replaceAll('`', '');
    for (const text of differences) expect(plain).toContain(text);
    for (const { name } of scenarios) expect(plain).toContain(`| ${name} `);
  });

  it.each(readdirSync(folder))('%s is a recipe of at most 40 lines', (file) => {
    const lines = readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
  });
});
