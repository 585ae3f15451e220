import { faultAt, fieldName, type ConfigDocument, type FieldPath } from './document.ts';
import type { ConfigFault } from './errors.ts';

type FaultMaker = (field: FieldPath, reason: string) => ConfigFault;

/** A config is plain data and does not say where it stands; whoever finds a fault later on still wants to name the line. */
const makers = new WeakMap<object, FaultMaker>();

export function rememberPositions(document: ConfigDocument, places: ReadonlyMap<object, FieldPath>): void {
  for (const [item, path] of places) {
    makers.set(item, (field, reason) => faultAt(document, [...path, ...field], reason));
  }
}

/**
 * A fault that shows only when a config is put to use, such as a certificate that does not parse.
 * @param item a service, subset, route, destination, listener or `tls` of a config that was read here, not a copy
 * @returns with its place in the file; undefined for something else
 */
export function configFaultOf(item: object, field: FieldPath, reason: string): ConfigFault | undefined {
  return makers.get(item)?.(field, reason);
}

/** For a copy that stands where the item does. */
export function keepPosition<T extends object>(item: object, copy: T): T {
  const maker = makers.get(item);
  if (maker !== undefined) makers.set(copy, maker);
  return copy;
}

/** Where an item stands, as data that can leave the thread that has read it: itself, and what is directly in it. */
export interface FilePosition extends ConfigFault {
  lines: Record<string, number>;
}

export function positionOfItem(item: object): FilePosition | undefined {
  const own = configFaultOf(item, [], '');
  if (own === undefined) return undefined;
  const lineOf = (field: string) => [field, configFaultOf(item, [field], '')!.line] as const;
  return { ...own, lines: Object.fromEntries(Object.keys(item).map(lineOf)) };
}

/** The other way round, for a copy of the item. */
export function rememberPosition(item: object, position: FilePosition): void {
  makers.set(item, (field, reason) => {
    const name = fieldName(field);
    const joined =
      name === '' || name.startsWith('[') ? `${position.field}${name}` : `${position.field}.${name}`;
    const line = position.lines[String(field[0])] ?? position.line;
    return { file: position.file, line, field: joined, reason };
  });
}
