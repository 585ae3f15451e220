import { X509Certificate } from 'node:crypto';
import type { UpstreamTls } from '@evenly/mesh-config';
import type { TransportSocket } from '@evenly/proto/envoy/config/core/v3/base';
import type { CertificateValidationContext } from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/common';
import { UpstreamTlsContext } from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import { Refusal, refuseIf } from '../refusal.ts';

const typeUrl = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';

/** Of authorities' texts: more is no bundle. */
const maxCharacters = 1024 * 1024;

/**
 * TLS towards endpoints whose certificates are for one name, by authorities that the resource has or the machine's. All else
 * is refused: to call in plaintext, or whoever answers, would be worse than not to call.
 * @throws Refusal
 */
export function parseEndpointTls({ configType }: TransportSocket): UpstreamTls {
  const packed = configType?.$case === 'typedConfig' ? configType.value : undefined;
  refuseIf(packed?.typeUrl !== typeUrl, 'only a transport_socket with an UpstreamTlsContext is supported');
  const { sni, autoSniSanValidation, autoHostSni, commonTlsContext } = decoded(packed!.value);
  refuseIf(
    sni === '' || sni.length > 253 || autoHostSni,
    'a transport_socket must have an sni, of 253 characters at most',
  );
  refuseIf(
    !autoSniSanValidation,
    'a transport_socket must have auto_sni_san_validation: no other names are checked',
  );
  const given = commonTlsContext?.validationContextType;
  refuseIf(
    given?.$case !== 'validationContext',
    'a transport_socket must have a validation_context in itself',
  );
  refuseIf(
    (commonTlsContext?.tlsCertificates.length ?? 0) > 0 ||
      (commonTlsContext?.tlsCertificateSdsSecretConfigs.length ?? 0) > 0 ||
      commonTlsContext?.tlsCertificateProviderInstance !== undefined,
    'a transport_socket with a certificate of the client is not supported',
  );
  return { serverName: sni, ...authoritiesOf(given!.value as CertificateValidationContext) };
}

function decoded(value: Uint8Array): UpstreamTlsContext {
  try {
    return UpstreamTlsContext.decode(value);
  } catch {
    throw new Refusal('the transport_socket cannot be decoded');
  }
}

function authoritiesOf({ trustedCa, systemRootCerts, ...more }: CertificateValidationContext): UpstreamTls {
  refuseIf(
    more.matchTypedSubjectAltNames.length > 0 ||
      more.verifyCertificateHash.length > 0 ||
      more.verifyCertificateSpki.length > 0 ||
      more.crl !== undefined ||
      more.caCertificateProviderInstance !== undefined,
    'of a validation_context only trusted_ca and system_root_certs are supported',
  );
  if (trustedCa === undefined) {
    refuseIf(systemRootCerts === undefined, 'a validation_context must have trusted_ca or system_root_certs');
    return {};
  }
  const { specifier } = trustedCa;
  if (specifier?.$case !== 'inlineString') throw new Refusal('trusted_ca must be an inline_string');
  refuseIf(
    specifier.value.length > maxCharacters,
    `trusted_ca must have ${maxCharacters} characters at most`,
  );
  const certificates =
    specifier.value.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  refuseIf(
    certificates.length === 0 || !certificates.every(isCertificate),
    'trusted_ca must be certificates in PEM',
  );
  return { caText: specifier.value };
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
