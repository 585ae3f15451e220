import { isIP } from 'node:net';
import { isScalar, Lexer, LineCounter, parseDocument, visit, type Document } from 'yaml';
import * as z from 'zod';
import { DiscoveryError, parseEndpointKey, type Endpoint } from '@evenly/endpoints';
import { explainIssues } from '@evenly/endpoints/faults';

/** More endpoints in a file are an error, TOO_MANY. */
const maxEndpoints = 10_000;
/** Of a file with many faults, so many are said. */
const maxFaultsSaid = 10;
/** Three are needed. */
const maxLevels = 64;
const blockIndent = new RegExp(`^[ \\t?:-]{${4 * maxLevels}}`, 'm');
/** Words and signs of YAML: 10,000 endpoints with all their fields are about 350,000. */
const maxTokens = 500_000;
/** Of one endpoint. */
const maxAdditionalAddresses = 8;
/** For each alias the parser looks through all of them. */
const maxAliases = 100;

/** Endpoints that files named by a text alone, at most. */
const maxTexts = 20_000;
/** After a change, most of a file is the same as it was: the same objects, so that what is derived from them stays too. */
const endpointOfText = new Map<string, Endpoint>();

function keep(text: string, endpoint: Endpoint): Endpoint {
  if (endpointOfText.size >= maxTexts) endpointOfText.clear();
  endpointOfText.set(text, Object.freeze(endpoint));
  return endpoint;
}

const endpointText = z.string().transform((text, context): Endpoint => {
  const known = endpointOfText.get(text);
  if (known !== undefined) return known;
  const parsed = parseEndpointKey(text);
  if (parsed !== undefined) return keep(text, { address: parsed.address, port: parsed.port, state: 'ready' });
  const message = 'must be an IP address and a port, such as 10.0.0.1:50051 or [::1]:50051';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const ip = z.string().refine((text) => isIP(text) !== 0, { error: 'must be an IP address' });

const endpointObject = z
  .strictObject({
    address: ip,
    port: z.int().min(1).max(65_535),
    additionalAddresses: z.array(ip).min(1).max(maxAdditionalAddresses).optional(),
    hostname: z.string().max(253).optional(),
    region: z.string().max(253).optional(),
    zone: z.string().max(253).optional(),
    forZones: z.array(z.string().max(253)).max(8).optional(),
    forNodes: z.array(z.string().max(253)).max(8).optional(),
    priority: z.int().min(0).max(127).optional(),
    weight: z.int().min(1).max(1_000_000).optional(),
    state: z.enum(['ready', 'serving-terminating', 'not-ready']).default('ready'),
  })
  // Neither JSON nor YAML has undefined: fields that are absent stay absent.
  .transform((given) => given as Endpoint);

const schema = z.strictObject({ endpoints: z.array(z.union([endpointText, endpointObject])) });

/**
 * Reads `{"endpoints": ["10.0.0.1:50051", {"address": "10.0.0.2", "port": 50051, "zone": "a", "weight": 2}]}`, as JSON or
 * YAML; the fields of an endpoint are those of `Endpoint`.
 * @param file the name that errors show
 * @throws DiscoveryError INVALID with file, line, field and reason of every fault (the first ten); TOO_MANY
 */
export function readEndpointFile(text: string, file: string): Endpoint[] {
  const endpoints = readPlainJson(text) ?? readWithLines(text, file);
  if (endpoints.length <= maxEndpoints) return endpoints;
  const message = `${file} has ${endpoints.length} endpoints; at most ${maxEndpoints} are used`;
  throw new DiscoveryError('TOO_MANY', message);
}

/** Faultless JSON, in a hundredth of the time that a YAML parser needs; undefined: it is something else. */
function readPlainJson(text: string): Endpoint[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // YAML, or a fault that the other parser says better
  }
  const result = schema.safeParse(value);
  return result.success && !hasKeyTwice(text, value) ? result.data.endpoints : undefined;
}

/** JSON.parse takes the last of two fields with one name; here that is a fault. */
function hasKeyTwice(text: string, value: unknown): boolean {
  const { endpoints } = value as { endpoints: unknown[] };
  const fieldsOf = (item: unknown) => (typeof item === 'object' ? Object.keys(item as object).length : 0);
  const kept = endpoints.reduce<number>((sum, item) => sum + fieldsOf(item), 1);
  // In JSON, what stands before a colon is the name of a field.
  const written = text.match(/"(?:[^"\\]|\\.)*"\s*:?/g)?.filter((token) => token.endsWith(':'));
  return written?.length !== kept;
}

/** As YAML, and JSON is YAML: slower, but it knows the line of everything. */
function readWithLines(text: string, file: string): Endpoint[] {
  const beyond = beyondLimits(text);
  if (beyond !== undefined) throw invalid([`${file}:1: ${beyond}`]);
  const lines = new LineCounter();
  // The parser's own check of keys takes quadratic time.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const [syntax] = [...document.errors, ...keysTwice(document)];
  if (syntax !== undefined) {
    const { line } = lines.linePos(syntax.pos[0]);
    throw invalid([`${file}:${line}: not valid JSON or YAML: ${syntax.message}`]);
  }
  const value = valueOf(document, file);
  const result = schema.safeParse(value);
  if (result.success) return result.data.endpoints;
  const faults = explainIssues(result.error.issues, { value, schema });
  const lineOf = (path: readonly unknown[]): number => {
    const node = document.getIn(path, true) as { range?: [number, number, number] } | null | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
    // What is missing is told where it would be.
    return path.length === 0 ? 1 : lineOf(path.slice(0, -1));
  };
  throw invalid(
    faults
      .slice(0, maxFaultsSaid)
      .map(
        ({ path, reason }) =>
          `${file}:${lineOf(path)}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${reason}`,
      ),
  );
}

/** What would cost too much to parse, before it is parsed. */
function beyondLimits(text: string): string | undefined {
  if (isNestedDeeply(text)) return `is nested too deeply: more than ${maxLevels} levels`;
  let tokens = 0;
  let aliases = 0;
  for (const token of new Lexer().lex(text)) {
    if (++tokens > maxTokens)
      return `has more than ${maxTokens} words and signs; faultless JSON may have more`;
    if (token.startsWith('*') && ++aliases > maxAliases) return `has more than ${maxAliases} aliases (*name)`;
  }
  return undefined;
}

function keysTwice(document: Document): { message: string; pos: readonly [number, number] }[] {
  const twice: { message: string; pos: readonly [number, number] }[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key) || seen.size < seen.add(String(key.value)).size) continue;
        const [from, to] = key.range ?? [0, 0];
        twice.push({ message: 'Map keys must be unique', pos: [from, to] });
      }
    },
  });
  return twice;
}

/** The parser calls itself for each level, and a few thousand of them would end the process. */
function isNestedDeeply(text: string): boolean {
  // Each level of a block takes a column at least.
  if (blockIndent.test(text)) return true;
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > maxLevels) return true;
  }
  return false;
}

function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }); // else a small file of nested aliases fills the memory
  } catch (cause) {
    throw invalid([`${file}:1: ${(cause as Error).message}`]);
  }
}

const invalid = (faults: readonly string[]) => new DiscoveryError('INVALID', faults.join('\n'));
