import { SaidOnce } from '@evenly/endpoints';
import type { Runtime } from '@evenly/service';

/** From which addresses each node id is used now. As many entries as there are streams, at most. */
export class NodeIds {
  readonly #streams = new Map<string, Map<string, number>>();

  /** Notes a stream. @returns another address that uses the same id */
  add(id: string, address: string): string | undefined {
    let addresses = this.#streams.get(id);
    if (addresses === undefined) this.#streams.set(id, (addresses = new Map<string, number>()));
    addresses.set(address, (addresses.get(address) ?? 0) + 1);
    return addresses.size < 2 ? undefined : [...addresses.keys()].find((each) => each !== address);
  }

  /** A stream that was noted has ended. */
  remove(id: string, address: string): void {
    const addresses = this.#streams.get(id);
    const left = (addresses?.get(address) ?? 0) - 1;
    if (left > 0) addresses?.set(address, left);
    else addresses?.delete(address);
    if (addresses?.size === 0) this.#streams.delete(id);
  }
}

/** Warns of ids that clients at several addresses use, as bootstraps that are copied have them. */
export function sayOfSharedIds(log: Runtime['log']) {
  const said = new SaidOnce();
  return (node: string, address: string, other: string) => {
    if (!said.isNew('shared', node)) return;
    log.warn(
      { node, addresses: [other, address] },
      'clients at several addresses have one node id; give each its own, for those behind one address get the same subset',
    );
  };
}
