/** What a schema knows of the fields of an object somewhere in a document, for those who mistype one. */

/** A schema of zod. */
export interface Schema {
  readonly _zod: { readonly def: Def };
}

/** What is read of the definitions of all its kinds. */
interface Def {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly options?: readonly Schema[];
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly valueType?: Schema;
  readonly element?: Schema;
}

/**
 * The fields that an object may have there; of a union, those of all its forms. Empty where any name is allowed, or none is known.
 * @param path as in zod's issues
 */
export function fieldsAt(schema: Schema, path: readonly PropertyKey[]): string[] {
  const found = path.reduce<Def[]>(
    (defs, step) => defs.flatMap((def) => childrenOf(def, step).flatMap(unwrapped)),
    unwrapped(schema),
  );
  return [...new Set(found.flatMap((def) => Object.keys(def.shape ?? {})))];
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
function unwrapped({ _zod: { def } }: Schema): Def[] {
  const inner = def.innerType ?? (def.type === 'pipe' ? def.in : undefined);
  if (inner !== undefined) return unwrapped(inner);
  return def.options === undefined ? [def] : def.options.flatMap(unwrapped);
}

/** What is under a name, or at an index. */
const childrenOf = ({ shape, valueType, element }: Def, step: PropertyKey): Schema[] =>
  [shape?.[String(step)] ?? valueType ?? element ?? []].flat();

/**
 * Letters to add, to leave out, to change, or to swap with the next one (Damerau-Levenshtein). Names of fields are short: a table of
 * both is small.
 */
function editDistance(a: string, b: string): number {
  let aboveThat: number[] = [];
  let above: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    [aboveThat, above, row] = [above, row, [i]];
    for (let j = 1; j <= b.length; j++) {
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? aboveThat[j - 2]! + 1 : Infinity;
      row.push(Math.min(changed, swapped, above[j]! + 1, row[j - 1]! + 1));
    }
  }
  return row[b.length]!;
}
