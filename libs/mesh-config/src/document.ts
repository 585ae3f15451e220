import {
  isMap,
  isScalar,
  isSeq,
  isAlias,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import type { z } from 'zod';
import { ConfigError, type ConfigFault } from './errors.ts';
import { explainIssues } from './explain.ts';
import { nestingFault } from './nesting.ts';

/** Steps from the top of a document to a value: `['services', 0, 'portName']`. */
export type FieldPath = readonly (string | number)[];

/** A parsed YAML or JSON text (JSON is YAML) that knows on which line each field stands. */
export interface ConfigDocument {
  file: string;
  value: unknown;
  /** The 1-based line of a field, or of the nearest parent that is there. */
  lineOf(path: FieldPath): number;
}

/** As much as a live file may have; a longer text is a mistake. */
const maxLength = 8 * 1024 * 1024;

/**
 * Parses a YAML 1.2 or JSON text.
 * @param file the name that errors show
 * @throws ConfigError with the line of every syntax fault, duplicate keys among them
 */
export function parseConfig(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const fault = (line: number, reason: string): ConfigFault => ({ file, line, field: '', reason });
  const refuse = (line: number, reason: string) => new ConfigError([fault(line, reason)]);
  if (text.length > maxLength)
    throw refuse(1, `has ${text.length} characters; at most ${maxLength} are read`);
  const nesting = nestingFault(text);
  if (nesting) throw refuse(nesting.line, nesting.reason);

  const options = { lineCounter: lines, prettyErrors: false, resolveKnownTags: false } as const;
  const document = parseDocument(text, options);
  const faults = [...document.errors, ...document.warnings, ...strangeKeys(document)].map(
    ({ message, pos }) => fault(lines.linePos(pos[0]).line, `not valid JSON or YAML: ${message}`),
  );
  // YAML 1.1 would read the field `on` as true.
  if (document.directives?.yaml.version === '1.1') faults.push(fault(1, 'must be YAML 1.2, not 1.1'));
  if (faults.length > 0) throw new ConfigError(faults);
  try {
    return { file, value: document.toJS(), lineOf: (path) => lineOf(document, lines, path) };
  } catch (error) {
    // Aliases without an anchor, or so many that they are an attack ("billion laughs").
    throw refuse(1, `not valid YAML: ${(error as Error).message}`);
  }
}

/** Keys that a plain object cannot hold as they stand: lists and maps as keys, and the one that JavaScript gives a meaning. */
function strangeKeys(document: Document): { message: string; pos: readonly [number, number] }[] {
  const found: { message: string; pos: readonly [number, number] }[] = [];
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value !== '__proto__') return;
      const range = (key as Node | null)?.range ?? [0, 0, 0];
      found.push({ message: 'Map keys must be plain texts', pos: [range[0], range[1]] });
    },
  });
  return found;
}

/** A key's line rather than its value's: that is where a person looks for `policy:`. */
function lineOf(document: Document, lines: LineCounter, path: FieldPath): number {
  let node: unknown = document.contents;
  let place = node as Node | null;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) break;
      place = pair.key as Node;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)];
      if (item === undefined) break;
      place = item as Node;
      node = item;
    } else break;
  }
  return place?.range ? lines.linePos(place.range[0]).line : 1;
}

/**
 * Checks a document against a schema.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function validate<T>(schema: z.ZodType<T>, document: ConfigDocument): T {
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  const faults = explainIssues(result.error.issues, document.value);
  throw new ConfigError(faults.map(({ path, reason }) => faultAt(document, path, reason)));
}

/** A fault of a document's field. */
export function faultAt(document: ConfigDocument, path: FieldPath, reason: string): ConfigFault {
  return { file: document.file, line: document.lineOf(path), field: fieldName(path), reason };
}

/** `services[0].portName` */
export function fieldName(path: FieldPath): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}
