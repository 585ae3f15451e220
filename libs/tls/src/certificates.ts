import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { lastToEnd, validityOf, type Validity } from './validity.ts';

/** Where the PEM files of one side of a connection are. */
export interface CertificateFiles {
  /** The own certificate, followed by intermediate ones if there are any; with `key`. */
  cert?: string | undefined;
  key?: string | undefined;
  /** The authorities of the other side's certificates. */
  ca?: string | undefined;
}

/** What the files held, checked: together they can be used for TLS now. As `node:tls` takes them. */
export interface Certificates {
  cert?: Buffer;
  key?: Buffer;
  ca?: Buffer;
  /** How long `cert` is good. */
  validity?: Validity;
  /** The same of the authority that ends last: after it no certificate of the other side is good. */
  caValidity?: Validity;
}

/** Which file cannot be used, and why. */
export class CertificateError extends Error {
  readonly file: string;
  /** Without the file's name. */
  readonly reason: string;

  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file}: ${reason}`, options);
    this.name = 'CertificateError';
    this.file = file;
    this.reason = reason;
  }
}

/** Far above any chain or bundle of authorities; so that a wrong path cannot fill the process. */
const maxBytes = 1024 * 1024;

/**
 * Reads the files and checks that they fit together, so that they can replace others without a risk.
 * @throws CertificateError
 */
export async function readCertificates(files: CertificateFiles, nowMs: number): Promise<Certificates> {
  const [cert, key, bundle] = await Promise.all([files.cert, files.key, files.ca].map(readIfNamed));
  const ca = bundle === undefined ? undefined : readAuthorities(files.ca!, bundle);
  const authorities = ca === undefined ? {} : { ca: ca.pem, caValidity: ca.validity };
  if (cert === undefined || key === undefined) return authorities;
  return { ...checkedPair({ cert, key }, { cert: files.cert!, key: files.key! }, nowMs), ...authorities };
}

/** A certificate and its key, good for TLS together. */
export interface CertificatePair {
  cert: Buffer;
  key: Buffer;
  validity: Validity;
}

/**
 * @param names what the two are called in errors; of their text nothing is
 * @param nowMs undefined: one that has ended is taken too
 * @throws CertificateError
 */
export function checkedPair(
  { cert, key }: { cert: Buffer; key: Buffer },
  names: { cert: string; key: string },
  nowMs?: number,
): CertificatePair {
  const leaf = attempt(names.cert, 'no certificate in PEM', () => new X509Certificate(cert));
  if (nowMs !== undefined) checkValidity(names.cert, leaf, nowMs);
  const privateKey = attempt(names.key, 'no private key in PEM', () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new CertificateError(names.key, `does not belong to the certificate in ${names.cert}`);
  }
  // What OpenSSL refuses beyond that: a broken intermediate certificate, a key that is too short.
  attempt(names.cert, 'cannot be used for TLS', () => createSecureContext({ cert, key }));
  return { cert, key, validity: validityOf(leaf) };
}

async function readIfNamed(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw new CertificateError(file, `has ${size} bytes; at most ${maxBytes} are read`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw new CertificateError(file, `cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Every peer would refuse it, each with other words. */
function checkValidity(file: string, { validFrom, validTo }: X509Certificate, nowMs: number): void {
  if (Date.parse(validTo) < nowMs) throw new CertificateError(file, `was valid until ${validTo} only`);
  if (Date.parse(validFrom) > nowMs) throw new CertificateError(file, `is not valid before ${validFrom}`);
}

/**
 * The certificates of a bundle, each checked, one below the other. OpenSSL reads a bundle up to the first thing that it
 * does not understand, such as two files put together without a line break, and says nothing.
 */
function readAuthorities(file: string, pem: Buffer): { pem: Buffer; validity: Validity } {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g);
  if (blocks === null) throw new CertificateError(file, 'has no certificate in PEM');
  const read = blocks.map((block, index) =>
    attempt(file, `certificate ${index + 1} cannot be read`, () => new X509Certificate(block)),
  );
  return { pem: Buffer.from(blocks.join('\n'), 'latin1'), validity: lastToEnd(read.map(validityOf)) };
}

function attempt<T>(file: string, problem: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new CertificateError(file, `${problem} (${(error as Error).message})`, { cause: error });
  }
}
