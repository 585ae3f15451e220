import type { Listener } from '@evenly/mesh-config';
import { ServiceError } from '@evenly/service';
import type { ProxyConfig } from '../config.ts';

/**
 * The listener that serves when the config has none, from the command line.
 * @throws ServiceError BAD_CONFIG for options that do not fit together
 */
export function defaultListener(config: ProxyConfig): Omit<Listener, 'name'> {
  const { host: address, port, tlsCert: cert, tlsKey: key, tlsClientCa: clientCa } = config;
  const { http1, grpcWeb, corsOrigins, proxyProtocol, trustForwarded, normalizePath, encodedSlashes } =
    config;
  const faults: string[] = [];
  if ((cert === undefined) !== (key === undefined)) faults.push('--tls-cert and --tls-key need each other');
  if (clientCa !== undefined && cert === undefined) faults.push('--tls-client-ca needs --tls-cert');
  if (corsOrigins.length > 0 && !grpcWeb) faults.push('--cors-origins needs --grpc-web');
  if (faults.length > 0) throw new ServiceError('BAD_CONFIG', faults.join('\n'));
  const tls =
    cert === undefined || key === undefined
      ? {}
      : { tls: { cert, key, ...(clientCa === undefined ? {} : { clientCa }) } };
  return {
    ...{ address, port, ...tls, http1, grpcWeb, corsOrigins, proxyProtocol, trustForwarded },
    ...{ normalizePath: normalizePath === 'on', encodedSlashes },
  };
}
