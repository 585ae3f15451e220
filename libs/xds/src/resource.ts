import { createHash } from 'node:crypto';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { typeUrlOf, type ResourceType } from './resource-type.ts';

/** One resource, encoded once, whoever asks for it. */
export interface Resource {
  readonly type: ResourceType;
  readonly name: string;
  /** A hash of the encoded content: the same content has the same version, in every process, after every restart. */
  readonly version: string;
  readonly body: Any;
}

export function resource(type: ResourceType, name: string, encoded: Uint8Array): Resource {
  const version = createHash('sha256').update(encoded).digest('hex').slice(0, 16);
  return { type, name, version, body: { typeUrl: typeUrlOf(type), value: Buffer.from(encoded) } };
}

/** The version of a response: a hash of what is in it. */
export function versionOf(resources: Iterable<Resource>): string {
  const hash = createHash('sha256');
  for (const { name, version } of resources) hash.update(name).update('\0').update(version).update('\n');
  return hash.digest('hex').slice(0, 16);
}
