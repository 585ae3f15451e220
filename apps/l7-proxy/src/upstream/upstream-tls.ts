import { isIP } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
} from 'node:tls';
import type { Certificates } from '@evenly/tls';

/** Parsed once for all connections: certificates keep their identity until they are renewed. */
const contexts = new WeakMap<Certificates, SecureContext>();

/** @param serverName asked for by SNI, and what the endpoint's certificate must be for: a DNS name or an IP address */
export function upstreamTlsOptions(certificates: Certificates, serverName: string): ConnectionOptions {
  let secureContext = contexts.get(certificates);
  if (secureContext === undefined) {
    const { cert, key, ca } = certificates;
    secureContext = createSecureContext({ cert, key, ca, minVersion: 'TLSv1.2' }); // RFC 9113 §9.2
    contexts.set(certificates, secureContext);
  }
  return {
    secureContext,
    ...(isIP(serverName) > 0 ? {} : { servername: serverName }), // SNI has no addresses (RFC 6066 §3)
    checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
  };
}
