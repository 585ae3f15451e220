import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { endpointSet, type Endpoint, type EndpointSet } from '@evenly/endpoints';
import * as z from 'zod';

/** What sources say, by kind. */
export interface SnapshotContents {
  endpoints: EndpointSet;
  /** Objects of the cluster, each with what counts of it. Who reads them checks them as if the cluster had said them. */
  objects: readonly object[];
}
export type SnapshotKind = keyof SnapshotContents;

/** What a source said last, and until when that is known to have been so. */
export interface SnapshotEntry<K extends SnapshotKind = SnapshotKind> {
  content: SnapshotContents[K];
  goodAtMs: number;
}

/** One part of a snapshot, as it is written. */
export interface SnapshotPart {
  kind: SnapshotKind;
  source: string;
  goodAtMs: number;
  /** Of its content, by `contentText`. */
  text: string;
}

/**
 * The text of a snapshot: a line of JSON for the format, one for each part, and a last one with the hash of those before it,
 * without which a text is only a part of one. Parts of a kind that this version does not know are passed over.
 */
const format = 'evenly-snapshot';
const version = 1;

const ip = z.string().refine((text) => isIP(text) !== 0, { error: 'must be an IP address' });
const name = z.string().max(253);

const endpoint = z
  .strictObject({
    address: ip,
    port: z.int().min(1).max(65_535),
    additionalAddresses: z.array(ip).min(1).max(8).optional(),
    hostname: name.optional(),
    region: name.optional(),
    zone: name.optional(),
    forZones: z.array(name).max(100).optional(),
    forNodes: z.array(name).max(100).optional(),
    priority: z.int().min(0).max(65_535).optional(),
    weight: z.int().min(0).max(1_000_000_000).optional(),
    state: z.enum(['ready', 'serving-terminating', 'not-ready']),
  })
  // JSON has no undefined: fields that are absent stay absent.
  .transform((given) => given as Endpoint);

const header = z.object({ format: z.literal(format), version: z.literal(version) });
const anyPart = z.object({ kind: z.string() });
const ofSource = { source: z.string().max(1000), goodAt: z.iso.datetime() };
/** By kind, the content in a field of that name. */
const parts = {
  endpoints: z.object({
    ...ofSource,
    endpoints: z
      .array(endpoint)
      .max(20_000)
      .transform((list) => endpointSet(list)),
  }),
  objects: z.object({ ...ofSource, objects: z.array(z.record(z.string(), z.unknown())).max(100_000) }),
};
const isKnown = (kind: string): kind is SnapshotKind => Object.hasOwn(parts, kind);
const end = z.strictObject({ kind: z.literal('end'), sha256: z.string() });

/** The line of a source, but for the time, which changes when nothing else does. */
export const contentText = <K extends SnapshotKind>(content: SnapshotContents[K]): string =>
  JSON.stringify('endpoints' in content ? content.endpoints : content);

export function writeSnapshot(written: Iterable<SnapshotPart>): string {
  const lines = [JSON.stringify({ format, version })];
  for (const { kind, source, text, goodAtMs } of written) {
    const goodAt = new Date(goodAtMs).toISOString();
    const head = JSON.stringify({ kind, source, goodAt });
    lines.push(`${head.slice(0, -1)},"${kind}":${text}}`);
  }
  const before = `${lines.join('\n')}\n`;
  return `${before}${JSON.stringify({ kind: 'end', sha256: hashOf(before) })}\n`;
}

/**
 * Reads what `writeSnapshot` wrote.
 * @throws Error for anything else, with what is wrong: nothing of it is to be used
 */
export function readSnapshot(text: string): (SnapshotEntry & { kind: SnapshotKind; source: string })[] {
  const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
  const before = text.slice(0, lastLine);
  const [first = '', ...lines] = before.split('\n').slice(0, -1);
  if (!header.safeParse(json(first)).success)
    throw new Error(`it does not begin as a ${format} ${version} does`);
  const last = end.safeParse(json(text.slice(lastLine)));
  if (!last.success) throw new Error('its end is missing');
  if (last.data.sha256 !== hashOf(before)) throw new Error('it is not what was written: its hash differs');
  return lines.flatMap((line, index) => {
    const part = anyPart.safeParse(json(line));
    if (!part.success) throw new Error(`line ${index + 2} is no part of a snapshot`);
    const { kind } = part.data;
    if (!isKnown(kind)) return [];
    const read = parts[kind].safeParse(json(line));
    if (!read.success) throw new Error(`line ${index + 2}: ${z.prettifyError(read.error).slice(0, 500)}`);
    const { source, goodAt } = read.data;
    const content = 'endpoints' in read.data ? read.data.endpoints : read.data.objects;
    return [{ kind, source, goodAtMs: Date.parse(goodAt), content }];
  });
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // which no schema takes
  }
}
