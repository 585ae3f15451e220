import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { ServiceError, type Runtime } from '@evenly/service';
import type { Certificates, CertificateStatus } from '@evenly/tls';
import type { ServerConfig } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import { clientGate, type ClientGate } from './client-gate.ts';
import { allowList } from './client-identity.ts';
import { portCertificates } from './port-certificates.ts';

/** How the xDS port is protected. */
export interface TransportSecurity {
  kind: 'plaintext' | 'tls' | 'mtls';
  /** Undefined: plaintext. */
  tls: TlsOptions | undefined;
  /** Asked before each call: the status that a client gets that may make none. */
  admit: ClientGate | undefined;
  /** Asked before a client is told of what others have, and of all that there is (a wildcard). */
  csds: ClientGate | undefined;
  wildcard: ClientGate | undefined;
  /** From now on, tells of certificates that replace those in `tls`. */
  follow(listener: (certificates: SecureContextOptions) => void): void;
  /** Why new certificates are not in use; undefined while all is well. */
  error(): string | undefined;
  /** The port's own, and the clients' authorities. */
  certificates(nowMs: number): CertificateStatus[];
  stop(): void;
}

type SecurityConfig = Pick<
  ServerConfig,
  | 'host'
  | 'plaintext'
  | 'tlsCert'
  | 'tlsKey'
  | 'tlsClientCa'
  | 'allowedClients'
  | 'csdsClients'
  | 'wildcardClients'
>;

/**
 * Plaintext only where it is said (`--plaintext`), or where nobody else can listen: on loopback.
 * @throws ServiceError BAD_CONFIG with every option that does not fit, or the file that cannot be used and why
 */
export async function transportSecurity(
  config: SecurityConfig,
  context: { metrics: Metrics; log: Runtime['log'] },
): Promise<TransportSecurity> {
  const faults = faultsOf(config);
  if (faults.length > 0) throw new ServiceError('BAD_CONFIG', faults.join('\n'));
  const { tlsCert: cert, tlsKey: key, tlsClientCa: ca } = config;
  if (cert === undefined || key === undefined) return plaintext(config, context.log);

  let listener: ((certificates: SecureContextOptions) => void) | undefined;
  const onTaken = (next: Certificates) => listener?.(contextOf(next));
  const live = await portCertificates({ cert, key, ca }, context, onTaken).catch((error: unknown) => {
    throw new ServiceError('BAD_CONFIG', (error as Error).message, { cause: error });
  });
  const isMutual = ca !== undefined;
  return {
    kind: isMutual ? 'mtls' : 'tls',
    tls: { ...contextOf(live.current), requestCert: isMutual, rejectUnauthorized: isMutual },
    admit: clientGate(config.allowedClients, 'clients of this xDS server', context),
    csds: clientGate(config.csdsClients, 'those who are told what clients have', context),
    wildcard: clientGate(config.wildcardClients, 'those who may ask for all resources', context),
    follow: (next) => (listener = next),
    error: () => live.error,
    certificates: (nowMs) => live.status(nowMs),
    stop: () => live.stop(),
  };
}

function contextOf({ cert, key, ca }: Certificates): SecureContextOptions {
  return { cert, key, ca };
}

function plaintext({ host, plaintext }: SecurityConfig, log: Runtime['log']): TransportSecurity {
  const why = plaintext ? '--plaintext says so' : 'it listens on loopback only';
  log.warn({ host }, `the xDS port speaks plaintext, for ${why}: whoever can connect is served`);
  return {
    kind: 'plaintext',
    tls: undefined,
    admit: undefined,
    csds: undefined,
    wildcard: undefined,
    follow: () => undefined,
    error: () => undefined,
    certificates: () => [],
    stop: () => undefined,
  };
}

function faultsOf(config: SecurityConfig): string[] {
  const { host, plaintext, tlsCert, tlsKey, tlsClientCa } = config;
  const lists = {
    '--allowed-clients': config.allowedClients,
    '--csds-clients': config.csdsClients,
    '--wildcard-clients': config.wildcardClients,
  };
  const faults: string[] = [];
  if (tlsCert !== undefined && tlsKey === undefined) faults.push('--tls-cert needs --tls-key');
  if (tlsKey !== undefined && tlsCert === undefined) faults.push('--tls-key needs --tls-cert');
  if (tlsClientCa !== undefined && tlsCert === undefined) faults.push('--tls-client-ca needs --tls-cert');
  if (plaintext && tlsCert !== undefined) faults.push('--plaintext and --tls-cert exclude each other');
  for (const [option, patterns] of Object.entries(lists)) {
    if (patterns.length > 0 && tlsClientCa === undefined) {
      faults.push(`${option} needs --tls-client-ca: without it no client can prove who it is`);
    }
    try {
      allowList(patterns);
    } catch (error) {
      faults.push(`${option}: ${(error as Error).message}`);
    }
  }
  if (!plaintext && tlsCert === undefined && tlsKey === undefined && !isLoopback(host)) {
    faults.push(
      `the xDS port would speak plaintext on ${host}: give --tls-cert and --tls-key, or say --plaintext`,
    );
  }
  return faults;
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
