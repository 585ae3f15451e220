import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnyConfig } from './read-config.ts';
import { parseConfig } from './document.ts';
import { printMeshConfig } from './print.ts';
import { meshConfig } from './testing/arbitrary-config.ts';
import { faultsOf } from './testing/faults.ts';

const bomb = `a0: &a0 [x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]\n`).join('')}`;

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** The runs take a second or two; a busy machine needs longer. */
const loadedMachineMs = 60_000;

describe('parseConfig', () => {
  it.each([
    ['a key that is there twice', 'a: 1\nb: 2\na: 3', 3, /The key "a" is there twice/],
    [
      'a key that is there twice, deep in JSON',
      '{"a": [{\n "b": 1,\n "b": 2}]}',
      3,
      /The key "b" is there twice/,
    ],
    ['keys that are the same as texts', '1: x\n"1": y', 2, /The key "1" is there twice/],
    ['a truncated text', '{"a": {\n"b": 1', 2, /not valid JSON or YAML/],
    ['a second document', 'a: 1\n---\nb: 2', 2, /must be one document: there is another after "---"/],
    ['a tab as indentation', 'a:\n\tb: 1', 2, /not valid JSON or YAML/],
    ['a tag', 'a: !env HOME', 1, /Unresolved tag: !env/],
    ['a binary tag', 'a: !!binary aGk=', 1, /Unresolved tag/],
    ['a map as a key', 'a: 1\n? {b: 1}\n: 2', 2, /must be plain texts/],
    ['__proto__', 'a: 1\n__proto__: {}', 2, /must be plain texts/],
    ['YAML 1.1', '%YAML 1.1\n---\non: 1', 1, /must be YAML 1.2/],
    ['an alias without an anchor', 'a: *b', 1, /Unresolved alias/],
    ['aliases that grow without end', bomb, 13, /Up to here aliases stand for more than 1000000 values/],
    [
      'more aliases than are needed, of however many anchors',
      `a:\n${lines(500, (i) => `  - &a${i} x`)}\nb:\n${lines(20_000, (i) => `  - *a${i % 500}`)}`,
      1503,
      /more than 1000 aliases.*split it/,
    ],
    [
      'aliases that stand for more than a config holds',
      `a:\n${lines(11, (i) => `  - &a${i} [${'x, '.repeat(1100)}]`)}\nb:\n${lines(990, (i) => `  - *a${i % 11}`)}`,
      922,
      /Up to here aliases stand for more than 1000000 values/,
    ],
    [
      'an alias inside of what it stands for',
      'a:\n  - &a\n    - *a',
      3,
      /stands inside of what it stands for/,
    ],
    ['more words than are parsed', `a: [${'b,'.repeat(1_000_000)}]`, 1, /more than 2000000 words and signs/],
    ['brackets without end', `a:\n${'['.repeat(1e6)}`, 2, /nested too deeply/],
    ['dashes without end', `a:\n${'- '.repeat(1e6)}`, 2, /nested too deeply/],
    [
      'a staircase',
      Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      257,
      /nested too deeply/,
    ],
    ['more than 8 MiB', 'a: 1\n'.repeat(2 * 1024 * 1024), 1, /at most 8388608 are read/],
  ])('refuses %s', (_, text, line, reason) => {
    expect(faultsOf(() => parseConfig(text, 'f'))).toContainEqual({
      file: 'f',
      line,
      field: '',
      reason: expect.stringMatching(reason) as string,
    });
  });

  it('takes brackets in texts, anchors, and as many levels as a config may have', () => {
    const { value } = parseConfig(
      `a: &x ['${'['.repeat(100)}']\nb: *x\nc: ${'['.repeat(64)}${']'.repeat(64)}`,
      'f',
    );
    expect(value).toMatchObject({ a: ['['.repeat(100)], b: ['['.repeat(100)] });
  });

  it('takes one anchor for each of many services', () => {
    const text = `a: &a { b: [1] }\nc:\n${lines(900, (i) => `  s${i}: *a`)}`;
    expect(Object.keys((parseConfig(text, 'f').value as { c: object }).c)).toHaveLength(900);
  });

  it('says the line of the anchor that an alias stands for, the last one of its name', () => {
    const document = parseConfig('a: &x\n  b: 1\nc: *x\nd: &x\n  b: 2\ne: *x', 'f');
    expect(
      [
        ['c', 'b'],
        ['e', 'b'],
      ].map((path) => document.lineOf(path)),
    ).toEqual([2, 5]);
  });

  it("says a key's line, not its value's, and its parent's for what is missing", () => {
    const document = parseConfig('a:\n  b:\n    - c: 1\n\n      d: 2\ne: &e\n  f: 1\ng: *e', 'f');
    const lines = [['a'], ['a', 'b'], ['a', 'b', 0, 'd'], ['a', 'x', 'y'], ['g', 'f'], ['z']].map((path) =>
      document.lineOf(path),
    );
    expect(lines).toEqual([1, 2, 5, 1, 7, 1]);
  });
});

describe('a reader', () => {
  // fast-check prints the seed when this fails.
  it(
    'ends any text with a config or a ConfigError, nothing else',
    () => {
      const edit = fc.record({
        at: fc.nat(),
        remove: fc.nat(20),
        insert: fc.oneof(fc.string(), fc.constantFrom('\n', '{', '*a', '&a ', '- ', ': ', '"')),
      });
      fc.assert(
        fc.property(meshConfig, fc.array(edit, { minLength: 1, maxLength: 4 }), (config, edits) => {
          const text = edits.reduce((before, { at, remove, insert }) => {
            const start = at % (before.length + 1);
            return before.slice(0, start) + insert + before.slice(start + remove);
          }, printMeshConfig(config));
          for (const fault of faultsOf(() => readAnyConfig(text, 'f'))) {
            expect(fault.line).toBeGreaterThanOrEqual(1);
            expect(fault.line).toBeLessThanOrEqual(text.split('\n').length);
          }
        }),
        { numRuns: 50 },
      );
    },
    loadedMachineMs,
  );
});
