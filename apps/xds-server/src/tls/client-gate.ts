import { Status, StatusError, type Peer } from '@evenly/grpc-server';
import type { Service } from '@evenly/service';
import type { Metrics } from '../metrics.ts';
import { clientIdentity, type AllowList, type ClientIdentity } from './client-identity.ts';

/** Lets only clients on the list make calls, whichever service of the port they call; others are told why not. */
export function clientGate(
  allows: AllowList,
  { metrics, log }: { metrics: Metrics; log: Service['log'] },
): (peer: Peer) => StatusError | undefined {
  return (peer) => {
    const identity = identityOf(peer);
    if (allows(identity)) return undefined;
    const names = [...identity.uris, ...identity.dnsNames].map((name) => name.slice(0, 256)).slice(0, 10);
    metrics.deniedCalls.inc();
    log.warn({ peer: peer.address, names }, 'a client that is not on the list was turned away');
    const who = names.length === 0 ? 'a certificate without SPIFFE id or DNS name' : names.join(', ');
    const details = `${who} is not on the list of clients of this xDS server`;
    return new StatusError(Status.PERMISSION_DENIED, details);
  };
}

function identityOf(peer: Peer): ClientIdentity {
  const der = peer.certificate();
  return der === undefined ? { uris: [], dnsNames: [] } : clientIdentity(der);
}
