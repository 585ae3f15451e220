import type { ServerCertificate } from '@evenly/mesh-config';
import type { DataSource, TransportSocket } from '@evenly/proto/envoy/config/core/v3/base';
import type { FilterChain } from '@evenly/proto/envoy/config/listener/v3/listener_components';
import {
  FilterChainMatch,
  type FilterChainMatch as Match,
} from '@evenly/proto/envoy/config/listener/v3/listener_components';
import { TlsCertificate } from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/common';
import {
  CommonTlsContext,
  DownstreamTlsContext,
} from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import { encode } from '../../resources/message.ts';
import { clientLimits } from '../limits.ts';
import { Refusal, refuseIf } from '../refusal.ts';

const typeUrl = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';
const serverName = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/**
 * The certificates of a listener's chains, by server name; undefined: it is plaintext. What would let in others than the
 * server means, or without what it asks of them, is refused. Whether certificate and key fit is seen where they are used: it
 * is a matter of their names alone.
 * @throws Refusal
 */
export function parseCertificates(chains: readonly FilterChain[]): ServerCertificate[] | undefined {
  const encrypted = chains.filter(({ transportSocket }) => transportSocket !== undefined);
  if (encrypted.length === 0) {
    refuseIf(
      chains.some(({ filterChainMatch }) => filterChainMatch !== undefined),
      'filter_chain_match is not supported without TLS',
    );
    refuseIf(chains.length !== 1, 'must have exactly one filter chain, unless they are told apart by TLS');
    return undefined;
  }
  // To serve in plaintext what should be encrypted would be worse than not to serve it.
  refuseIf(encrypted.length < chains.length, 'has filter chains with a transport_socket and some without');
  refuseIf(
    chains.length > clientLimits.filterChains,
    `has more than ${clientLimits.filterChains} filter chains`,
  );
  const taken = new Set<string>();
  return chains.map(({ filterChainMatch, transportSocket }) => {
    const serverNames = namesOf(filterChainMatch);
    for (const name of serverNames) {
      refuseIf(taken.has(name), 'has filter chains of the same server name');
      taken.add(name);
    }
    refuseIf(taken.size > clientLimits.serverNames, `has more than ${clientLimits.serverNames} server names`);
    return { serverNames, ...pairOf(transportSocket!) };
  });
}

/** `*` for a chain without names, which takes all that no other takes. */
function namesOf(match: Match | undefined): string[] {
  const { serverNames = [], ...rest } = match ?? {};
  refuseIf(
    !isEmpty(FilterChainMatch, { ...rest, transportProtocol: '' }) ||
      !['', 'tls', undefined].includes(match?.transportProtocol),
    'of a filter_chain_match only server_names are supported',
  );
  refuseIf(
    serverNames.some((name) => name.length > 253 || !serverName.test(name)),
    'server_names must be host names in lower case, or begin with "*."',
  );
  return serverNames.length === 0 ? ['*'] : serverNames;
}

function pairOf({ configType }: TransportSocket): Pick<ServerCertificate, 'cert' | 'key'> {
  const packed = configType?.$case === 'typedConfig' ? configType.value : undefined;
  refuseIf(packed?.typeUrl !== typeUrl, 'only a transport_socket with a DownstreamTlsContext is supported');
  const { commonTlsContext, ...asked } = decoded(packed!.value);
  const { tlsCertificates = [], ...common } = commonTlsContext ?? {};
  refuseIf(
    !isEmpty(DownstreamTlsContext, {
      ...asked,
      requireClientCertificate: asked.requireClientCertificate || undefined,
    }) || !isEmpty(CommonTlsContext, { ...common, alpnProtocols: [] }),
    'of a DownstreamTlsContext only tls_certificates and alpn_protocols are supported',
  );
  const [certificate] = tlsCertificates;
  if (certificate === undefined || tlsCertificates.length > 1) {
    throw new Refusal('a DownstreamTlsContext must have exactly one certificate in tls_certificates');
  }
  const { certificateChain, privateKey, ...rest } = certificate;
  refuseIf(
    !isEmpty(TlsCertificate, rest),
    'of tls_certificates only certificate_chain and private_key are supported',
  );
  return { cert: textOf('certificate_chain', certificateChain), key: textOf('private_key', privateKey) };
}

/** Nothing of the bytes is said: a private key is among them. */
function decoded(value: Uint8Array): DownstreamTlsContext {
  try {
    return DownstreamTlsContext.decode(value);
  } catch {
    throw new Refusal('the transport_socket cannot be decoded');
  }
}

function textOf(field: string, source: DataSource | undefined): string {
  const { specifier } = source ?? {};
  if (specifier?.$case !== 'inlineString' && specifier?.$case !== 'inlineBytes')
    throw new Refusal(`${field} must be an inline_string or inline_bytes`);
  const text =
    specifier.$case === 'inlineString' ? specifier.value : Buffer.from(specifier.value).toString('latin1');
  refuseIf(
    text.length > clientLimits.certificateLength,
    `${field} must have ${clientLimits.certificateLength} characters at most`,
  );
  return text;
}

/** No field of it is set. */
const isEmpty = <T>(type: Parameters<typeof encode<T>>[0], fields: Partial<T>): boolean =>
  encode(type, fields).length === 0;
