import type { z } from 'zod';

/**
 * What is wrong with a JSON value, in words for people: for `schema.safeParse(json, { error: inWords })`. The validator's own speak of
 * "invalid input" and `null` that was "received". Messages that a schema brings itself come first.
 * @returns undefined for what the validator says well enough
 */
export const inWords: z.core.$ZodErrorMap = (issue) => {
  const got = () => `, got ${shown(issue.input)}`;
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is missing'
        : `expected ${types[issue.expected] ?? issue.expected}${got()}`;
    case 'invalid_value':
      return `expected ${issue.values.map(String).join(' or ')}${got()}`;
    case 'too_small':
      return `expected ${counted(issue.origin)}at least ${issue.minimum}${got()}`;
    case 'too_big':
      return `expected ${counted(issue.origin)}at most ${issue.maximum}${got()}`;
    case 'unrecognized_keys':
      return `unknown ${issue.keys.length === 1 ? 'field' : 'fields'} ${issue.keys.join(', ')}`;
    default:
      return undefined;
  }
};

const types: Readonly<Record<string, string>> = {
  string: 'a text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const counted = (origin: string) => (origin === 'string' || origin === 'array' ? 'a length of ' : '');

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
