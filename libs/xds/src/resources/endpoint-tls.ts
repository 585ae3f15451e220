import type { Service, UpstreamTls } from '@evenly/mesh-config';
import { DataSource, type TransportSocket } from '@evenly/proto/envoy/config/core/v3/base';
import {
  CertificateValidationContext,
  CertificateValidationContext_SystemRootCerts,
} from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/common';
import {
  CommonTlsContext,
  UpstreamTlsContext,
} from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import { message } from './message.ts';
import { tlsSocket } from './transport-security.ts';

/** Files are on the machine that read the config, so those who get resources have nothing of them. */
export const namesFiles = ({ ca, cert, key }: UpstreamTls): boolean => (ca ?? cert ?? key) !== undefined;

type EndpointsService = Pick<Service, 'name' | 'tls' | 'protocol'>;

/** TLS towards endpoints, of which the resource itself says all: for proxies, gRPC clients take none of it (gRFC A29). */
export function endpointTls({ name, tls, protocol }: EndpointsService): TransportSocket | undefined {
  if (tls === undefined || namesFiles(tls)) return undefined;
  const authorities: Partial<CertificateValidationContext> =
    tls.caText === undefined
      ? { systemRootCerts: message(CertificateValidationContext_SystemRootCerts, {}) }
      : { trustedCa: message(DataSource, { specifier: { $case: 'inlineString', value: tls.caText } }) };
  const value = message(CertificateValidationContext, authorities);
  return tlsSocket('UpstreamTlsContext', UpstreamTlsContext, {
    commonTlsContext: message(CommonTlsContext, {
      validationContextType: { $case: 'validationContext', value },
      alpnProtocols: [protocol === 'http1' ? 'http/1.1' : 'h2'],
    }),
    sni: tls.serverName ?? name,
    // The certificate has to be for that name; without this an Envoy takes any of the authorities'.
    autoSniSanValidation: true,
  });
}
