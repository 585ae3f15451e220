import type { experimental } from '@grpc/grpc-js';
import type { Service } from '@evenly/service';
import { LiveCertificates, type CertificateFiles } from '@evenly/tls';
import type { Metrics } from '../metrics.ts';

type IdentityListener = experimental.IdentityCertificateUpdateListener;
type CaListener = experimental.CaCertificateUpdateListener;

/**
 * Live certificates as grpc-js takes them.
 *
 * Not its own FileWatcherCertificateProvider: that one takes what it reads unchecked. A file that is missing for a
 * moment, or a key that comes a moment after its certificate, and the server drops every new connection.
 */
export class LiveCertificateProvider implements experimental.CertificateProvider {
  readonly #certificates: LiveCertificates;
  readonly #identityListeners = new Set<IdentityListener>();
  readonly #caListeners = new Set<CaListener>();

  /** @throws CertificateError the file and what is wrong with it */
  static async start(
    files: CertificateFiles,
    { metrics, log }: { metrics: Metrics; log: Service['log'] },
  ): Promise<LiveCertificateProvider> {
    const certificates = await LiveCertificates.start({
      files,
      onTaken: ({ expiresAtMs = 0 }) => {
        provider.#tellAll();
        metrics.certificateReloads.inc({ result: 'taken' });
        metrics.certificateExpiry.set(expiresAtMs / 1000);
        log.info({ validUntil: new Date(expiresAtMs).toISOString() }, 'new certificates are in use');
      },
      onRefused: ({ message }) => {
        metrics.certificateReloads.inc({ result: 'refused' });
        log.error({ reason: message }, 'certificates refused; the last good ones stay');
      },
    });
    metrics.certificateExpiry.set((certificates.current.expiresAtMs ?? 0) / 1000);
    const provider = new LiveCertificateProvider(certificates);
    return provider;
  }

  private constructor(certificates: LiveCertificates) {
    this.#certificates = certificates;
  }

  /** Why the files are not taken; undefined while they are. */
  get error(): string | undefined {
    return this.#certificates.error;
  }

  stop(): void {
    this.#certificates.stop();
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    // Not at once: grpc-js passes on only what it is told after this call has returned.
    queueMicrotask(() => this.#tell(listener));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    queueMicrotask(() => this.#tellCa(listener));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
  }

  #tellAll(): void {
    for (const listener of this.#identityListeners) this.#tell(listener);
    for (const listener of this.#caListeners) this.#tellCa(listener);
  }

  #tell(listener: IdentityListener): void {
    const { cert, key } = this.#certificates.current;
    listener({ certificate: cert!, privateKey: key! });
  }

  #tellCa(listener: CaListener): void {
    const { ca } = this.#certificates.current;
    listener(ca === undefined ? null : { caCertificate: ca });
  }
}
