import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { meshConfigJsonSchema } from './json-schema.ts';
import { printMeshConfig } from './print.ts';
import { meshConfig } from './testing/arbitrary-config.ts';

const isValid = new Ajv().compile(meshConfigJsonSchema());

/** The runs take a second or two; a busy machine needs longer. */
const loadedMachineMs = 60_000;

describe('the JSON schema', () => {
  // fast-check prints the seed when this fails.
  it(
    'takes every config that the reader takes',
    () => {
      fc.assert(
        fc.property(meshConfig, (config) => {
          isValid(parse(printMeshConfig(config)));
          expect(isValid.errors).toBeNull();
        }),
        { numRuns: 50 },
      );
    },
    loadedMachineMs,
  );

  it('knows the defaults, so that an editor does not ask for them', () => {
    const least = {
      services: { a: { source: { dnsSrv: { name: 'x' } } } },
      routes: [{ to: [{ service: 'a' }] }],
    };
    expect(isValid(least)).toBe(true);
  });

  it.each([
    ['an unknown field', { services: {}, route: [] }],
    ['no source', { services: { a: {} } }],
    ['two sources', { services: { a: { source: { file: { path: 'x' }, dnsSrv: { name: 'x' } } } } }],
    ['a bad duration', { services: { a: { source: { dnsSrv: { name: 'x', refresh: '10' } } } } }],
    [
      'an unknown policy',
      { services: { a: { source: { file: { path: 'x' } }, policy: { loadBalancing: 'x' } } } },
    ],
    ['a route to nowhere', { services: {}, routes: [{ to: [] }] }],
    ['a bad name', { services: { 'a/b': { source: { file: { path: 'x' } } } } }],
  ])('marks %s', (_, file) => {
    expect(isValid(file)).toBe(false);
  });
});
