import * as z from 'zod';
import type { ListenerTls, UpstreamTls } from '../tls.ts';
import { file, text } from './values.ts';

/** The form of TLS, on both sides. */

export const upstreamTls = z
  .strictObject({
    ca: z.exactOptional(file).describe('Authorities (PEM); absent = those that the machine trusts'),
    cert: z.exactOptional(file).describe('The certificate that is shown to endpoints (PEM)'),
    key: z.exactOptional(file),
    serverName: z.exactOptional(text()).describe("Absent = the service's name"),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'must have both cert and key, or none of them',
  })
  .describe('TLS towards the endpoints; absent = plaintext') satisfies z.ZodType<UpstreamTls>;

export const listenerTls = z
  .strictObject({
    cert: file.describe('The certificate, followed by intermediate ones (PEM)'),
    key: file,
    clientCa: z.exactOptional(file).describe('With it, every client has to show a certificate of these'),
  })
  .describe('TLS on this port; absent = plaintext') satisfies z.ZodType<ListenerTls>;
