import { isAlias, isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair, Scalar, YAMLMap } from 'yaml';
import type { z } from 'zod';
import { explainIssues } from '@evenly/endpoints/faults';
import { walkDocument, type DocumentFault, type Walked } from './document-walk.ts';
import { ConfigError, type ConfigFault } from './errors.ts';
import { textFault } from './text-limits.ts';

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
  const beyond = textFault(text);
  if (beyond) throw refuse(beyond.line, beyond.reason);

  const options = {
    lineCounter: lines,
    prettyErrors: false,
    resolveKnownTags: false,
    uniqueKeys: false,
  } as const;
  const document = parseDocument(text, options);
  const { faults: inNodes, targets } = walkDocument(document);
  const found: SyntaxFault[] = [...document.errors, ...document.warnings, ...inNodes];
  const faults = found.map(({ code, message, pos }) => {
    const reason = code === 'MULTIPLE_DOCS' ? 'must be one document: there is another after "---"' : message;
    return fault(lines.linePos(pos[0]).line, `not valid JSON or YAML: ${reason}`);
  });
  // YAML 1.1 would read the field `on` as true.
  if (document.directives?.yaml.version === '1.1') faults.push(fault(1, 'must be YAML 1.2, not 1.1'));
  if (faults.length > 0) throw new ConfigError(faults);
  try {
    // What aliases come to is limited above: the parser's own limit counts an anchor's, and has no line to say.
    return {
      file,
      value: document.toJS({ maxAliasCount: -1 }),
      lineOf: lineFinder(document, targets, lines),
    };
  } catch (error) {
    // An alias without an anchor.
    throw refuse(1, `not valid YAML: ${(error as Error).message}`);
  }
}

interface SyntaxFault extends DocumentFault {
  code?: string;
}

/** A key's line rather than its value's: that is where a person looks for `policy:`. */
function lineFinder(
  document: Document,
  targets: Walked['targets'],
  lines: LineCounter,
): (path: FieldPath) => number {
  const keys = new WeakMap<YAMLMap, Map<string, Pair>>();
  const pairOf = (map: YAMLMap, key: string) => {
    const known =
      keys.get(map) ?? new Map(map.items.map((pair) => [String((pair.key as Scalar).value), pair]));
    keys.set(map, known);
    return known.get(key);
  };
  return (path) => {
    let node: unknown = document.contents;
    let place = node as Node | null;
    for (const step of path) {
      if (isAlias(node)) node = targets.get(node);
      const pair = isMap(node) ? pairOf(node, String(step)) : undefined;
      const item = isSeq(node) ? node.items[Number(step)] : pair?.key;
      if (item === undefined) break; // not there: its parent's line is the nearest
      place = item as Node;
      node = pair ? pair.value : item;
    }
    return place?.range ? lines.linePos(place.range[0]).line : 1;
  };
}

/**
 * Checks a document against a schema.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function validate<T>(schema: z.ZodType<T>, document: ConfigDocument): T {
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  const faults = explainIssues(result.error.issues, { value: document.value, schema });
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
