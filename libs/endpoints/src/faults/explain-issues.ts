import { inspect } from 'node:util';
import { fieldsAt, meantField, type Schema } from './known-fields.ts';

/** What zod's issues of all kinds say. Those who use this library need not have zod, so its types are not named. */
export interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly keys?: readonly string[];
  /** Of a name that does not fit. */
  readonly issues?: readonly Issue[];
  /** Of several allowed forms, those of each. */
  readonly errors?: readonly (readonly Issue[])[];
}

type Path = (string | number)[];

export interface Explained {
  path: Path;
  reason: string;
}

/** What was checked, so that a reason can say what was found, and against which schema, so that it can say what is known. */
interface Checked {
  value: unknown;
  schema: Schema;
}

/**
 * Turns zod's issues into what a person can act on: which field, what was expected, what was found. The validator itself
 * speaks of "invalid input" and of `null` that was "received".
 */
export function explainIssues(issues: readonly Issue[], checked: Checked): Explained[] {
  return issues.flatMap((issue) => explain(issue, [], checked));
}

function explain(issue: Issue, parent: Path, checked: Checked): Explained[] {
  const path = [...parent, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => ({
      path: [...path, key],
      reason: unknownField(key, fieldsAt(checked.schema, path)),
    }));
  if (issue.code === 'invalid_key')
    return (issue.issues ?? []).map(({ message }) => ({ path, reason: `has a name that ${message}` }));
  if (issue.code === 'invalid_union') {
    const meant = meantBranch(issue.errors ?? []);
    if (meant) return meant.flatMap((inner) => explain(inner, path, checked));
  }
  const found = at(checked.value, path);
  if (found === undefined && issue.code !== 'custom') return [{ path, reason: 'is missing' }];
  const reason = expected(issue) ?? issue.message;
  // By convention a message that begins with "must" says what was expected; any other says all.
  return [{ path, reason: reason.startsWith('must') ? `${reason}, got ${show(found)}` : reason }];
}

/** More of them than this are no help in one line. */
const maxFieldsSaid = 12;

function unknownField(key: string, fields: readonly string[]): string {
  const meant = meantField(key, fields);
  const known = fields.length > 0 && fields.length <= maxFieldsSaid ? `: known are ${fields.join(', ')}` : '';
  return `is not a field that is known here${meant === undefined ? known : `; did you mean ${meant}?`}`;
}

/** `must be a text or an object`, when none of several allowed forms fits; undefined when they differ by more than their type. */
function formsOf(branches: readonly (readonly Issue[])[]): string | undefined {
  const types = branches.map((issues) =>
    issues.flatMap((issue) =>
      issue.code === 'invalid_type' && issue.path.length === 0 ? (issue.expected ?? []) : [],
    ),
  );
  if (types.some((each) => each.length !== 1)) return undefined;
  return `must be ${[...new Set(types.flat().map((type) => typeNames[type] ?? type))].join(' or ')}`;
}

/** Of several allowed forms the one whose type fits: its faults are what the writer wants to hear. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** undefined = the schema's own message says it. */
function expected(issue: Issue): string | undefined {
  // A schema with a message of its own knows best; zod's own messages begin like this.
  if (!/^(Invalid|Too|Unrecognized)/.test(issue.message)) return undefined;
  switch (issue.code) {
    case 'invalid_union':
      return formsOf(issue.errors ?? []);
    case 'invalid_type':
      return `must be ${typeNames[issue.expected ?? ''] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values?.length === 1 ? '' : 'one of '}${issue.values?.map(String).join(', ')}`;
    case 'too_small':
      return `must ${count(issue.origin ?? '')} at least ${issue.minimum}`;
    case 'too_big':
      return `must ${count(issue.origin ?? '')} at most ${issue.maximum}`;
    default:
      return undefined;
  }
}

const units: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };
const count = (origin: string) => (origin in units ? `have a number of ${units[origin]} of` : 'be');

function at(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

/** One short line, whatever it is. */
function show(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 0, breakLength: Infinity });
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
