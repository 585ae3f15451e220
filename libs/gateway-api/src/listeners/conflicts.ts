import type { ListenerSpec } from '../objects/listener.ts';
import type { Refusal } from '../status/condition.ts';
import { isSupportedProtocol } from './route-kinds.ts';

/** What a port is taken by. */
interface TakenPort {
  protocol: string;
  hostnames: Set<string>;
}

/**
 * Which listeners cannot be told apart by port, protocol and host name. Those of an earlier owner (the Gateway, then its
 * ListenerSets, the oldest first) win against those of a later one; among those of one owner nobody wins.
 */
export class ListenerConflicts {
  readonly #ports = new Map<number, TakenPort>();

  /** @returns the conflict of each of an owner's listeners that has one; the others have their port and name from now on */
  add(listeners: readonly ListenerSpec[]): ReadonlyMap<ListenerSpec, Refusal> {
    const lost = new Map<ListenerSpec, Refusal>();
    for (const one of listeners) {
      const refusal = this.#conflictWithEarlier(one) ?? conflictAmong(one, listeners);
      if (refusal !== undefined) lost.set(one, refusal);
    }
    for (const one of listeners) if (!lost.has(one) && isSupportedProtocol(one.protocol)) this.#take(one);
    return lost;
  }

  #conflictWithEarlier({ port, protocol, hostname }: ListenerSpec): Refusal | undefined {
    const taken = this.#ports.get(port);
    if (taken === undefined) return undefined;
    if (taken.protocol !== protocol) return protocolConflict(port, taken.protocol);
    return taken.hostnames.has(hostname) ? hostnameConflict(port, hostname) : undefined;
  }

  #take({ port, protocol, hostname }: ListenerSpec): void {
    const taken = this.#ports.get(port) ?? { protocol, hostnames: new Set() };
    taken.hostnames.add(hostname);
    this.#ports.set(port, taken);
  }
}

/** One of a protocol that is not supported takes nothing from others. */
function conflictAmong(one: ListenerSpec, listeners: readonly ListenerSpec[]): Refusal | undefined {
  if (!isSupportedProtocol(one.protocol)) return undefined;
  for (const other of listeners) {
    if (other === one || other.port !== one.port || !isSupportedProtocol(other.protocol)) continue;
    if (other.protocol !== one.protocol) return protocolConflict(one.port, other.protocol);
    if (other.hostname === one.hostname) return hostnameConflict(one.port, one.hostname);
  }
  return undefined;
}

const protocolConflict = (port: number, protocol: string): Refusal => ({
  reason: 'ProtocolConflict',
  message: `another listener speaks ${protocol} on port ${port}`,
});

const hostnameConflict = (port: number, hostname: string): Refusal => ({
  reason: 'HostnameConflict',
  message: `another listener has ${hostname === '' ? 'all host names' : `host name ${hostname}`} on port ${port}`,
});
