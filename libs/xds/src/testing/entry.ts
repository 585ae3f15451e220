import { resource, type Resource } from '../resource.ts';
import type { ResourceType } from '../resource-type.ts';
import { noteVersion } from './model-client.ts';

/** A resource whose content is a text `name=content`, as the model client reads it. */
export function entry(
  type: ResourceType,
  name: string,
  content = '',
  refs: readonly string[] = [],
): Resource {
  const text = `${name}=${content}`;
  const item = resource(type, name, Buffer.from(text), refs);
  noteVersion(text, item.version);
  return item;
}
