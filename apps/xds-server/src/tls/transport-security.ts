import { experimental, ServerCredentials, type ServerInterceptor } from '@grpc/grpc-js';
import { ServiceError, type Service } from '@evenly/service';
import type { ServerConfig } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import { LiveCertificateProvider } from './certificate-provider.ts';
import { clientGate } from './client-gate.ts';
import { allowList } from './client-identity.ts';

/** How the xDS port is protected. */
export interface TransportSecurity {
  kind: 'plaintext' | 'tls' | 'mtls';
  credentials: ServerCredentials;
  interceptors: ServerInterceptor[];
  /** Why new certificates are not in use; undefined while all is well. */
  error(): string | undefined;
  stop(): void;
}

type SecurityConfig = Pick<
  ServerConfig,
  'host' | 'plaintext' | 'tlsCert' | 'tlsKey' | 'tlsClientCa' | 'allowedClients'
>;

/**
 * Plaintext only where it is said (`--plaintext`), or where nobody else can listen: on loopback.
 * @throws ServiceError BAD_CONFIG with every option that does not fit, or the file that cannot be used and why
 */
export async function transportSecurity(
  config: SecurityConfig,
  context: { metrics: Metrics; log: Service['log'] },
): Promise<TransportSecurity> {
  const faults = faultsOf(config);
  if (faults.length > 0) throw new ServiceError('BAD_CONFIG', faults.join('\n'));
  const { tlsCert: cert, tlsKey: key, tlsClientCa: ca } = config;
  if (cert === undefined || key === undefined) return plaintext(config, context.log);

  const files = { cert, key, ca };
  const certificates = await LiveCertificateProvider.start(files, context).catch((error: unknown) => {
    throw new ServiceError('BAD_CONFIG', (error as Error).message, { cause: error });
  });
  // In grpc-js 1.14 the names of the first two parameters are swapped: first comes the server's own certificate.
  const credentials = experimental.createCertificateProviderServerCredentials(
    certificates,
    ca === undefined ? null : certificates,
    ca !== undefined,
  );
  const gated = config.allowedClients.length > 0;
  return {
    kind: ca === undefined ? 'tls' : 'mtls',
    credentials,
    interceptors: gated ? [clientGate(allowList(config.allowedClients), context)] : [],
    error: () => certificates.error,
    stop: () => certificates.stop(),
  };
}

function plaintext({ host, plaintext }: SecurityConfig, log: Service['log']): TransportSecurity {
  const why = plaintext ? '--plaintext says so' : 'it listens on loopback only';
  log.warn({ host }, `the xDS port speaks plaintext, for ${why}: whoever can connect is served`);
  return {
    kind: 'plaintext',
    credentials: ServerCredentials.createInsecure(),
    interceptors: [],
    error: () => undefined,
    stop: () => undefined,
  };
}

function faultsOf(config: SecurityConfig): string[] {
  const { host, plaintext, tlsCert, tlsKey, tlsClientCa, allowedClients } = config;
  const faults: string[] = [];
  if (tlsCert !== undefined && tlsKey === undefined) faults.push('--tls-cert needs --tls-key');
  if (tlsKey !== undefined && tlsCert === undefined) faults.push('--tls-key needs --tls-cert');
  if (tlsClientCa !== undefined && tlsCert === undefined) faults.push('--tls-client-ca needs --tls-cert');
  if (plaintext && tlsCert !== undefined) faults.push('--plaintext and --tls-cert exclude each other');
  if (allowedClients.length > 0 && tlsClientCa === undefined) {
    faults.push('--allowed-clients needs --tls-client-ca: without it no client can prove who it is');
  }
  if (!plaintext && tlsCert === undefined && tlsKey === undefined && !isLoopback(host)) {
    faults.push(
      `the xDS port would speak plaintext on ${host}: give --tls-cert and --tls-key, or say --plaintext`,
    );
  }
  try {
    allowList(allowedClients);
  } catch (error) {
    faults.push(`--allowed-clients: ${(error as Error).message}`);
  }
  return faults;
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
