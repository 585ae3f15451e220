import type { z } from 'zod';

/** What a schema knows of the fields of an object somewhere in a document, for those who mistype one. */

type Def = z.core.$ZodTypes['_zod']['def'];

/**
 * The fields that an object may have there; of a union, those of all its forms. Empty where any name is allowed, or none is known.
 * @param path as in zod's issues
 */
export function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const found = path.reduce<Def[]>(
    (defs, step) => defs.flatMap((def) => childrenOf(def, step).flatMap(unwrapped)),
    unwrapped(schema),
  );
  return [...new Set(found.flatMap((def) => (def.type === 'object' ? Object.keys(def.shape) : [])))];
}

/** The one of them that somebody may have meant: one or two typing errors away, or written together differently. */
export function meantField(given: string, fields: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  // Of a short name, two wrong letters are half of it.
  const most = given.length > 4 ? 2 : 1;
  const distances = fields.map((field) => ({ field, distance: editDistance(plain(given), plain(field)) }));
  const [nearest] = distances.sort((a, b) => a.distance - b.distance);
  return nearest && nearest.distance <= most ? nearest.field : undefined;
}

/** What is inside of optional, prefault, transform and the like; each form of a union. */
function unwrapped(schema: z.core.$ZodType): Def[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return unwrapped(def.innerType);
    case 'pipe':
      return unwrapped(def.in);
    case 'union':
      return def.options.flatMap(unwrapped);
    default:
      return [def];
  }
}

function childrenOf(def: Def, step: PropertyKey): z.core.$ZodType[] {
  if (def.type === 'object') return [def.shape[String(step)] ?? []].flat();
  if (def.type === 'record') return [def.valueType];
  return def.type === 'array' ? [def.element] : [];
}

/** Letters to add, to leave out or to change (Levenshtein). Names of fields are short: a table of both is small. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(changed, above[j]! + 1, row[j - 1]! + 1));
    }
  }
  return row[b.length]!;
}
