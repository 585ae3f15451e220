import { faultAt, type ConfigDocument, type FieldPath } from './document.ts';
import type { ConfigFault } from './errors.ts';

type FaultMaker = (field: FieldPath, reason: string) => ConfigFault;

/** A config is plain data and does not say where it stands; whoever finds a fault later on still wants to name the line. */
const makers = new WeakMap<object, FaultMaker>();

export function rememberPlaces(document: ConfigDocument, places: ReadonlyMap<object, FieldPath>): void {
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
