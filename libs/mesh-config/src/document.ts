import { LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { ConfigError, type ConfigFault } from './errors.ts';

/** Steps from the top of a document to a value: `['services', 0, 'portName']`. */
export type FieldPath = readonly (string | number)[];

/** A parsed YAML or JSON text (JSON is YAML) that knows on which line each field stands. */
export interface ConfigDocument {
  file: string;
  value: unknown;
  /** The 1-based line of a field, or of the nearest parent that is there. */
  lineOf(path: FieldPath): number;
}

/**
 * Parses a YAML or JSON text.
 * @param file the name that errors show
 * @throws ConfigError with the line of every syntax fault
 */
export function parseConfig(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => ({
        file,
        line: lines.linePos(error.pos[0]).line,
        field: '',
        reason: `not valid JSON or YAML: ${error.message}`,
      })),
    );
  }
  return { file, value: document.toJS(), lineOf: (path) => lineOf(document, lines, path) };
}

function lineOf(document: Document, lines: LineCounter, path: FieldPath): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      { range?: [number, number, number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/**
 * Checks a document against a schema.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function validate<T>(schema: z.ZodType<T>, document: ConfigDocument): T {
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map((issue): ConfigFault => {
      const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
      return {
        file: document.file,
        line: document.lineOf(path),
        field: fieldName(path),
        reason: issue.message,
      };
    }),
  );
}

/** `services[0].portName` */
export function fieldName(path: FieldPath): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}
