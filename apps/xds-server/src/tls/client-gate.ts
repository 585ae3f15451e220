import { Status, StatusError, type Method, type Peer } from '@evenly/grpc-server';
import type { Runtime } from '@evenly/service';
import type { Metrics } from '../metrics.ts';
import { allowList, clientIdentity, type ClientIdentity } from './client-identity.ts';

/** Asked whether a client may do something: the status that it gets if not. */
export type ClientGate = (peer: Peer) => StatusError | undefined;

/**
 * Lets only clients on the list do something; others are told why not.
 * @param patterns of a list; without any, everybody may
 * @param what the list is of: `clients of this xDS server`
 * @throws RangeError which pattern cannot be used, and why
 */
export function clientGate(
  patterns: readonly string[],
  what: string,
  { metrics, log }: { metrics: Metrics; log: Runtime['log'] },
): ClientGate | undefined {
  if (patterns.length === 0) return undefined;
  const allows = allowList(patterns);
  return (peer) => {
    const identity = identityOf(peer);
    if (allows(identity)) return undefined;
    const { spiffeId, dnsNames, fault } = identity;
    const all = [...(spiffeId === undefined ? [] : [spiffeId]), ...dnsNames];
    const names = all.map((name) => name.slice(0, 256)).slice(0, 10);
    metrics.deniedCalls.inc();
    log.warn(
      { peer: peer.address, names, reason: fault },
      `a client that is not on the list of ${what} was turned away`,
    );
    const who = names.length === 0 ? 'a certificate without SPIFFE id or DNS name' : names.join(', ');
    const details =
      fault === undefined ? `${who} is not on the list of ${what}` : `the certificate is refused: ${fault}`;
    return new StatusError(Status.PERMISSION_DENIED, details);
  };
}

/** A method for those whom the gate lets in. */
export function behindGate(gate: ClientGate | undefined, method: Method): Method {
  if (gate === undefined) return method;
  return (call) => {
    const denied = gate(call.peer);
    if (denied !== undefined) throw denied;
    return method(call);
  };
}

function identityOf(peer: Peer): ClientIdentity {
  const der = peer.certificate();
  return der === undefined ? { dnsNames: [] } : clientIdentity(der);
}
