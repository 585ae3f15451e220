import { Buffer } from 'node:buffer';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { reader, type Read } from './read.ts';

/** Of type `kubernetes.io/tls`: a certificate with its key, or why it is none. */
export type TlsSecret = Read<{ certificatePem: string; keyPem: string }>;

/** Secrets carry base64. */
const pem = z
  .string()
  .max(2 * limits.pemCharacters)
  .transform((encoded) => Buffer.from(encoded, 'base64').toString('utf8'));

const form = z.object({
  type: z.literal('kubernetes.io/tls'),
  data: z.object({ 'tls.crt': pem, 'tls.key': pem }),
});

export const readTlsSecret = reader(
  'Secret',
  form,
  ({ data }) => ({ certificatePem: data['tls.crt'], keyPem: data['tls.key'] }),
  () => ({ certificatePem: '', keyPem: '' }),
);
