import type { experimental } from '@grpc/grpc-js';
import { watchFile } from '@evenly/discovery';
import type { Service } from '@evenly/service';
import type { Metrics } from '../metrics.ts';
import { readCertificates, type CertificateFiles, type Certificates } from './certificates.ts';

type IdentityListener = experimental.IdentityCertificateUpdateListener;
type CaListener = experimental.CaCertificateUpdateListener;

export interface LiveCertificatesOptions {
  files: CertificateFiles;
  metrics: Metrics;
  log: Service['log'];
  /**
   * Certificate and key are two files, and changes of both are seen one after the other: they are read when nothing has
   * changed for so long.
   */
  settleMs?: number;
}

/**
 * Certificates that follow their files, for new connections; open ones keep theirs.
 *
 * Not grpc-js' own FileWatcherCertificateProvider: that one takes what it reads unchecked. A file that is missing for a
 * moment, or a key that comes a moment after its certificate, and the server drops every new connection. Here only what
 * was checked replaces what there is, so the last good ones stay.
 */
export class LiveCertificates implements experimental.CertificateProvider {
  readonly #options: LiveCertificatesOptions;
  readonly #identityListeners = new Set<IdentityListener>();
  readonly #caListeners = new Set<CaListener>();
  readonly #stops: (() => void)[];
  #current: Certificates;
  #lastError: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /**
   * Reads the files and begins to follow them.
   * @throws CertificateError the file and what is wrong with it
   */
  static async start(options: LiveCertificatesOptions): Promise<LiveCertificates> {
    return new LiveCertificates(options, await readCertificates(options.files, Date.now()));
  }

  private constructor(options: LiveCertificatesOptions, current: Certificates) {
    this.#options = options;
    this.#current = current;
    options.metrics.certificateExpiry.set(current.expiresAtMs / 1000);
    const reload = () => this.#reloadSoon();
    const { cert, key, clientCa } = options.files;
    const paths = clientCa === undefined ? [cert, key] : [cert, key, clientCa];
    this.#stops = paths.map((path) => watchFile(path, { onText: reload, onError: reload }));
  }

  get expiresAtMs(): number {
    return this.#current.expiresAtMs;
  }

  /** Why the files are not taken; undefined while they are. */
  get error(): string | undefined {
    return this.#lastError;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
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

  #reloadSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#reload(), this.#options.settleMs ?? 200);
  }

  async #reload(): Promise<void> {
    const { files, metrics, log } = this.#options;
    try {
      const next = await readCertificates(files, Date.now());
      this.#lastError = undefined;
      if (this.#stopped || isSame(next, this.#current)) return;
      this.#current = next;
      for (const listener of this.#identityListeners) this.#tell(listener);
      for (const listener of this.#caListeners) this.#tellCa(listener);
      metrics.certificateReloads.inc({ result: 'taken' });
      metrics.certificateExpiry.set(next.expiresAtMs / 1000);
      log.info({ validUntil: new Date(next.expiresAtMs).toISOString() }, 'new certificates are in use');
    } catch (error) {
      this.#lastError = (error as Error).message;
      metrics.certificateReloads.inc({ result: 'refused' });
      log.error({ reason: this.#lastError }, 'certificates refused; the last good ones stay');
    }
  }

  #tell(listener: IdentityListener): void {
    listener({ certificate: this.#current.cert, privateKey: this.#current.key });
  }

  #tellCa(listener: CaListener): void {
    listener(this.#current.clientCa === undefined ? null : { caCertificate: this.#current.clientCa });
  }
}

function isSame(a: Certificates, b: Certificates): boolean {
  const sameCa = a.clientCa === undefined || b.clientCa?.equals(a.clientCa) === true;
  return a.cert.equals(b.cert) && a.key.equals(b.key) && sameCa;
}
