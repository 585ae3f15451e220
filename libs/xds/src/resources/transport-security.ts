import { beginningOf, type Servers } from '@evenly/mesh-config';
import { TransportSocket } from '@evenly/proto/envoy/config/core/v3/base';
import {
  CertificateProviderPluginInstance,
  CertificateValidationContext,
} from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/common';
import {
  CommonTlsContext,
  DownstreamTlsContext,
  UpstreamTlsContext,
} from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import { StringMatcher } from '@evenly/proto/envoy/type/matcher/v3/string';
import { message, packed } from './message.ts';

/**
 * The certificates of gRPC servers and clients (gRFC A29). They come from the provider of this name in each one's own
 * bootstrap: a peer without it rejects the resource. One for keys and authorities: with two, grpc-java (1.82, grpc-java#13058)
 * shows the first new certificate for ever.
 */
const provider = message(CertificateProviderPluginInstance, { instanceName: 'default' });

/** What a server shows and asks for; undefined = it uses credentials of its own. */
export function downstreamSecurity({ security }: Servers): TransportSocket | undefined {
  if (security === 'none') return undefined;
  const asks = security === 'mtls';
  return tlsSocket('DownstreamTlsContext', DownstreamTlsContext, {
    commonTlsContext: tlsContext({ shows: true, checks: asks ? {} : undefined }),
    requireClientCertificate: asks,
  });
}

/** What a client shows and asks for; undefined = it uses credentials of its own. */
export function upstreamSecurity({ security, identities }: Servers): TransportSocket | undefined {
  if (security === 'none') return undefined;
  // No matchers = any certificate of the authorities.
  const matchSubjectAltNames = identities.includes('*') ? [] : identities.map(nameMatcher);
  return tlsSocket('UpstreamTlsContext', UpstreamTlsContext, {
    commonTlsContext: tlsContext({ shows: security === 'mtls', checks: { matchSubjectAltNames } }),
  });
}

function tlsContext({
  shows,
  checks,
}: {
  shows: boolean;
  checks: Partial<CertificateValidationContext> | undefined;
}): CommonTlsContext {
  const value =
    checks && message(CertificateValidationContext, { ...checks, caCertificateProviderInstance: provider });
  return message(CommonTlsContext, {
    tlsCertificateProviderInstance: shows ? provider : undefined,
    validationContextType: value && { $case: 'validationContext', value },
  });
}

export function tlsSocket<T>(
  name: string,
  type: Parameters<typeof packed<T>>[1],
  fields: Partial<T>,
): TransportSocket {
  const value = packed(`envoy.extensions.transport_sockets.tls.v3.${name}`, type, fields);
  return message(TransportSocket, {
    name: 'envoy.transport_sockets.tls',
    configType: { $case: 'typedConfig', value },
  });
}

/** The whole text, or its beginning. */
export function nameMatcher(pattern: string): StringMatcher {
  const beginning = beginningOf(pattern);
  return message(StringMatcher, {
    matchPattern:
      beginning === undefined ? { $case: 'exact', value: pattern } : { $case: 'prefix', value: beginning },
  });
}
