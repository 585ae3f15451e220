import { createHash, hkdfSync } from 'node:crypto';
import type { Certificates } from '@evenly/tls';

/** As node:tls takes them: a name and two keys of 16 bytes each. */
const ticketKeysBytes = 48;

/** Whose sessions are resumed. */
export interface TicketScope {
  /** Of the process and its workers, for as long as they run. */
  secret: Uint8Array;
  listener: string;
  needsClientCertificate: boolean;
}

/**
 * The keys of a listener's session tickets. A client that comes back is spared the handshake's signature whichever worker it
 * comes to, and after new certificates too, where OpenSSL by itself makes new keys for each.
 *
 * Who resumes a session is not asked for a certificate again. So other authorities of clients mean other keys, and no
 * listener takes another one's tickets.
 */
export function ticketKeys(
  { secret, listener, needsClientCertificate }: TicketScope,
  { ca }: Certificates,
): Buffer {
  const authorities = createHash('sha256')
    .update(ca ?? '')
    .digest('hex');
  const info = JSON.stringify(['TLS session tickets', listener, needsClientCertificate, authorities]);
  return Buffer.from(hkdfSync('sha256', secret, '', info, ticketKeysBytes));
}
