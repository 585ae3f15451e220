import {
  Metadata,
  ServerInterceptingCall,
  status,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import type { Service } from '@evenly/service';
import type { Metrics } from '../metrics.ts';
import { clientIdentity, type AllowList, type ClientIdentity } from './client-identity.ts';

/** Lets only clients on the list make calls, whichever service of the port they call; others are told why not. */
export function clientGate(
  allows: AllowList,
  { metrics, log }: { metrics: Metrics; log: Service['log'] },
): ServerInterceptor {
  return (_method, call) => {
    const identity = identityOf(call);
    if (allows(identity)) return new ServerInterceptingCall(call);
    const names = [...identity.uris, ...identity.dnsNames].map((name) => name.slice(0, 256)).slice(0, 10);
    metrics.deniedCalls.inc();
    log.warn({ peer: call.getPeer(), names }, 'a client that is not on the list was turned away');
    const details = `${names.length === 0 ? 'a certificate without SPIFFE id or DNS name' : names.join(', ')} is not on the list of clients of this xDS server`;
    return new ServerInterceptingCall(call, {
      start: () => call.sendStatus({ code: status.PERMISSION_DENIED, details, metadata: new Metadata() }),
    });
  };
}

function identityOf(call: ServerInterceptingCallInterface): ClientIdentity {
  const der = call.getAuthContext().sslPeerCertificate?.raw;
  return der === undefined ? { uris: [], dnsNames: [] } : clientIdentity(der);
}
