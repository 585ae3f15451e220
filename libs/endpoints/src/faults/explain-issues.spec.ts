import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { explainIssues } from './explain-issues.ts';
import { fieldsAt, meantField } from './known-fields.ts';

describe('the fields that a schema knows', () => {
  it('finds the fields behind whatever stands between', () => {
    const schema = z
      .object({ list: z.array(z.union([z.string(), z.strictObject({ inner: z.number() }).optional()])) })
      .prefault({ list: [] })
      .transform((value) => value);
    expect(fieldsAt(schema, ['list', 3])).toEqual(['inner']);
    expect(fieldsAt(schema, ['nowhere', 'else'])).toEqual([]);
    expect(meantField('port', ['serviceName', 'portName'])).toBeUndefined();
    expect(meantField('on', ['to'])).toBeUndefined();
    expect(meantField('prot', ['weight', 'port'])).toBe('port');
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

  const anyOther = z.strictObject({
    name: z.string().min(1).max(3).optional(),
    list: z.array(z.int().min(1)).min(1).optional(),
    kind: z.enum(['one', 'other']).optional(),
    named: z.record(z.string().regex(/^[a-z]+$/, { error: 'is not of letters' }), z.boolean()).optional(),
  });
  it.each([
    [null, '', 'must be an object, got null'],
    [{ name: 1 }, 'name', 'must be a text, got 1'],
    [{ name: '' }, 'name', 'must have a number of characters of at least 1, got ""'],
    [{ name: 'long' }, 'name', 'must have a number of characters of at most 3, got "long"'],
    [{ list: {} }, 'list', 'must be a list, got {}'],
    [{ list: [] }, 'list', 'must have a number of entries of at least 1, got []'],
    [{ list: [1, 0.5] }, 'list.1', 'must be a whole number, got 0.5'],
    [{ list: [0] }, 'list.0', 'must be at least 1, got 0'],
    [{ kind: 'others' }, 'kind', 'must be one of one, other, got "others"'],
    [{ named: { A: true } }, 'named.A', 'has a name that is not of letters'],
    [{ named: { a: null } }, 'named.a', 'must be true or false, got null'],
    [{ nam: 'a' }, 'nam', 'is not a field that is known here; did you mean name?'],
    [{ colour: 1 }, 'colour', 'is not a field that is known here: known are name, list, kind, named'],
  ])('%j: %s %s', (value, field, reason) => {
    const { issues } = anyOther.safeParse(value).error!;
    const explained = explainIssues(issues, { value, schema: anyOther });
    expect(explained.map((each) => [each.path.join('.'), each.reason])).toEqual([[field, reason]]);
  });
});
