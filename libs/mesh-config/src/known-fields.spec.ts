import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fieldsAt, meantField } from './known-fields.ts';
import { readAnyConfig } from './read-config.ts';
import { faultsOf } from './testing/faults.ts';
import { explainIssues } from './zod-issues.ts';

const reasonsOf = (config: unknown) =>
  faultsOf(() => readAnyConfig(JSON.stringify(config), 'f')).map(
    ({ field, reason }) => `${field}: ${reason}`,
  );
const source = { static: { endpoints: ['10.0.0.1:1'] } };

describe('a field that nobody knows', () => {
  it.each([
    [{ services: { a: { source, polciy: {} } } }, 'services.a.polciy', 'policy'],
    [{ services: { a: { source: { dnsSvr: {} } } } }, 'services.a.source.dnsSvr', 'dnsSrv'],
    [{ services: { a: { source } }, route: [] }, 'route', 'routes'],
    [
      { services: { a: { source, policy: { load_balancing: 'random' } } } },
      'services.a.policy.load_balancing',
      'loadBalancing',
    ],
    [
      { services: { a: { source } }, routes: [{ match: { hedaers: [] }, to: [{ service: 'a' }] }] },
      'routes[0].match.hedaers',
      'headers',
    ],
    [{ services: [{ serviceNmae: 'a', portName: 'b' }] }, 'services[0].serviceNmae', 'serviceName'],
    [{ name: 'a', spec: { listeners: [], cluster: [] } }, 'spec.cluster', 'clusters'],
  ])('in %j is told which one was meant', (config, field, meant) => {
    expect(reasonsOf(config)).toContain(
      `${field}: is not a field that is known here; did you mean ${meant}?`,
    );
  });

  it('is told which there are, when none is near and they are few', () => {
    const [reason] = reasonsOf({
      services: { a: { source, policy: { subsetting: { size: 1, colour: 2 } } } },
    });
    expect(reason).toMatch(/colour: is not a field that is known here: known are size$/);
  });

  it('finds the fields behind whatever stands between', () => {
    const schema = z
      .object({ list: z.array(z.union([z.string(), z.strictObject({ inner: z.number() }).optional()])) })
      .prefault({ list: [] })
      .transform((value) => value);
    expect(fieldsAt(schema, ['list', 3])).toEqual(['inner']);
    expect(fieldsAt(schema, ['nowhere', 'else'])).toEqual([]);
    expect(meantField('port', ['serviceName', 'portName'])).toBeUndefined();
    expect(meantField('on', ['to'])).toBeUndefined();
  });
});

describe('a value of the wrong form', () => {
  const schema = z.object({ a: z.union([z.string(), z.number()]), b: z.number().nullable() });
  const reasons = (value: unknown) =>
    explainIssues(schema.safeParse(value).error!.issues, { value, schema }).map(({ reason }) => reason);

  it('is said in words, not in the validator’s', () => {
    expect(reasons({ a: true, b: 'x' })).toEqual([
      'must be a text or a number, got true',
      'must be a number, got "x"',
    ]);
    expect(reasons({ b: null })).toEqual(['is missing']);
  });
});
