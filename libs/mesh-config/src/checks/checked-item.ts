import type { ConfigPart } from '../config-part.ts';
import { describePlace, type ConfigFault } from '../errors.ts';

/** An item of a config, and how to name a fault of it with its place in the files. */
export interface CheckedItem<T> {
  item: T;
  faultOf: (reason: string) => ConfigFault;
}

export function checkedItems<T extends object>(part: ConfigPart, items: Iterable<T>): CheckedItem<T>[] {
  return [...items].map((item) => ({ item, faultOf: (reason) => part.faultOf(item, reason) }));
}

/** `mesh.yaml:3: services.be1-srv`, to point from one place to another. */
export function positionOf({ faultOf }: CheckedItem<unknown>): string {
  return describePlace(faultOf(''));
}

/** A fault for each item whose key an earlier one has; items without a key are left alone. */
export function duplicateFaults<T>(
  items: readonly CheckedItem<T>[],
  keyOf: (item: T) => string | undefined,
  what: string,
): ConfigFault[] {
  const first = new Map<string, CheckedItem<T>>();
  return items.flatMap((one) => {
    const key = keyOf(one.item);
    if (key === undefined) return [];
    const earlier = first.get(key);
    if (!earlier) first.set(key, one);
    return earlier ? [one.faultOf(`${what} "${key}" is there twice, also at ${positionOf(earlier)}`)] : [];
  });
}
