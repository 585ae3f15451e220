import { createPrivateKey, X509Certificate } from 'node:crypto';
import { gatewayGroup, type Meta } from '../objects/meta.ts';
import type { TlsSecret } from '../objects/secret.ts';
import { hostname, type SecretReference } from '../objects/values.ts';
import type { Grants } from '../references/grants.ts';
import { resolve } from '../references/resolve.ts';
import type { Refusal } from '../status/condition.ts';

/** Followed by intermediate ones, with its key; PEM. */
export interface Certificate {
  cert: string;
  key: string;
  /** That it is for, in lower case: `shop.example.org`, `*.example.org`. */
  dnsNames: readonly string[];
}

export type CertificateResult = { certificates: readonly Certificate[]; refusal?: Refusal };

/**
 * The certificates of a listener.
 * @param owner whose listener it is: a Gateway or a ListenerSet
 */
export function certificatesOf(
  owner: Meta,
  references: readonly SecretReference[],
  secrets: ReadonlyMap<string, TlsSecret>,
  grants: Grants,
): CertificateResult {
  const certificates: Certificate[] = [];
  if (references.length === 0)
    return { certificates, refusal: refusal('InvalidCertificateRef', 'tls.certificateRefs is empty') };
  const from = { group: gatewayGroup, kind: owner.kind, namespace: owner.namespace };
  const wanted = { group: '', kind: 'Secret', objects: secrets };
  for (const reference of references) {
    const resolved = resolve(from, reference, wanted, grants);
    if (!('object' in resolved)) {
      const reason = resolved.reason === 'RefNotPermitted' ? resolved.reason : 'InvalidCertificateRef';
      return { certificates, refusal: refusal(reason, resolved.message) };
    }
    const { fault, dnsNames } = checked(resolved.object);
    if (fault !== undefined) {
      const { namespace, name } = resolved.object.meta;
      return {
        certificates,
        refusal: refusal('InvalidCertificateRef', `Secret ${namespace}/${name}: ${fault}`),
      };
    }
    certificates.push({ cert: resolved.object.certificatePem, key: resolved.object.keyPem, dnsNames });
  }
  return { certificates };
}

const refusal = (reason: string, message: string): Refusal => ({ reason, message });

interface Checked {
  /** Whatever would make a proxy refuse it. One that has ended is served: clients then see why they cannot be let in. */
  fault?: string;
  dnsNames: readonly string[];
}

/** A certificate is checked once, not for each listener that has it. */
const known = new WeakMap<TlsSecret, Checked>();

function checked(secret: TlsSecret): Checked {
  const before = known.get(secret);
  if (before !== undefined) return before;
  const result = secret.fault === undefined ? checkedPair(secret) : faulty(secret.fault);
  known.set(secret, result);
  return result;
}

const faulty = (fault: string): Checked => ({ fault, dnsNames: [] });

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function checkedPair({ certificatePem, keyPem }: TlsSecret): Checked {
  const blocks = certificatePem.match(certificateBlock) ?? [];
  if (blocks.length === 0) return faulty('tls.crt has no certificate in PEM');
  let own: X509Certificate;
  try {
    own = blocks.map((block) => new X509Certificate(block))[0]!;
  } catch {
    return faulty('tls.crt has a certificate that cannot be read');
  }
  try {
    return own.checkPrivateKey(createPrivateKey(keyPem))
      ? { dnsNames: dnsNamesOf(own) }
      : faulty('tls.key belongs to another certificate');
  } catch {
    return faulty('tls.key has no private key in PEM');
  }
}

/** What Node writes in quotes has signs that no host name has. */
function dnsNamesOf({ subjectAltName = '' }: X509Certificate): string[] {
  const names = subjectAltName.split(', ').flatMap((entry) => /^DNS:(.+)$/.exec(entry)?.[1] ?? []);
  return names.map((name) => name.toLowerCase()).filter((name) => hostname.safeParse(name).success);
}
