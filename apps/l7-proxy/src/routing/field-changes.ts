import { HeaderBlock, type HeaderField } from '@evenly/http2';
import type { HeaderChanges } from '@evenly/mesh-config';

/** What becomes of the fields of the header blocks of a route's calls. Blocks that repeat are changed once. */
export class FieldChanges {
  readonly #levels: readonly HeaderChanges[];
  readonly #known = new WeakMap<HeaderBlock, HeaderBlock>();

  private constructor(levels: readonly HeaderChanges[]) {
    this.#levels = levels;
  }

  /** @param levels one after the other; undefined: nothing is changed on that level */
  static of(...levels: readonly (HeaderChanges | undefined)[]): FieldChanges | undefined {
    const given = levels.filter((level) => level !== undefined);
    return given.length === 0 ? undefined : new FieldChanges(given);
  }

  /** Whether a field of this name is not as it came. */
  names(name: string): boolean {
    return this.#levels.some(
      ({ set = [], add = [], remove = [] }) =>
        remove.includes(name) || [...set, ...add].some((one) => one.name === name),
    );
  }

  apply(block: HeaderBlock): HeaderBlock {
    const known = this.#known.get(block);
    if (known !== undefined) return known;
    const fields = this.#levels.reduce(changed, block.fields);
    const listBytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
    const next = new HeaderBlock(fields, listBytes, block.reusable);
    if (block.reusable) this.#known.set(block, next);
    return next;
  }
}

function changed(
  fields: readonly HeaderField[],
  { set = [], add = [], remove = [] }: HeaderChanges,
): readonly HeaderField[] {
  const gone = new Set([...remove, ...set.map(({ name }) => name)]);
  const added = [...set, ...add].map(({ name, value }) => ({ name, value, sensitive: false }));
  return [...fields.filter(({ name }) => !gone.has(name)), ...added];
}
