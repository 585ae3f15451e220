import { watchFile } from '@evenly/endpoints';
import { readCertificates, type CertificateFiles, type Certificates } from './certificates.ts';
import { endsSoon } from './validity.ts';

/** How it stands with one file: what people and programs are told. */
export interface CertificateStatus {
  file: string;
  /** ISO 8601. */
  validUntil: string;
  /** It should have been replaced by now. */
  endsSoon: boolean;
  /** Why what the files hold now is not in use. */
  error?: string;
}

export interface LiveCertificatesOptions {
  files: CertificateFiles;
  /** What replaces the certificates from now on. */
  onTaken?: (certificates: Certificates) => void;
  /** What was read cannot be used, and the last good ones stay. */
  onRefused?: (error: Error) => void;
  /**
   * Certificate and key are two files, and changes of both are seen one after the other: they are read when nothing has
   * changed for so long.
   */
  settleMs?: number;
}

/**
 * Certificates that follow their files, for new connections; open ones keep theirs. Only what was checked replaces what
 * there is: a file that is missing for a moment, or a key that comes a moment after its certificate, changes nothing.
 */
export class LiveCertificates {
  readonly #options: LiveCertificatesOptions;
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
    const reload = () => this.#reloadSoon();
    const { cert, key, ca } = options.files;
    const paths = [cert, key, ca].filter((path) => path !== undefined);
    this.#stops = paths.map((path) => watchFile(path, { onText: reload, onError: reload }));
  }

  get current(): Certificates {
    return this.#current;
  }

  /** Why the files are not taken; undefined while they are. */
  get error(): string | undefined {
    return this.#lastError;
  }

  /** Of the certificate, and of the authorities. */
  status(nowMs: number): CertificateStatus[] {
    const { cert, ca } = this.#options.files;
    const { validity, caValidity } = this.#current;
    const error = this.#lastError === undefined ? {} : { error: this.#lastError };
    const of = (file: string | undefined, each: typeof validity) =>
      file === undefined || each === undefined
        ? []
        : {
            file,
            validUntil: new Date(each.untilMs).toISOString(),
            endsSoon: endsSoon(each, nowMs),
            ...error,
          };
    return [of(cert, validity), of(ca, caValidity)].flat();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  #reloadSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#reload(), this.#options.settleMs ?? 200).unref();
  }

  async #reload(): Promise<void> {
    const { files, onTaken, onRefused } = this.#options;
    const next = await readCertificates(files, Date.now()).catch((error: Error) => error);
    if (this.#stopped) return;
    if (next instanceof Error) {
      this.#lastError = next.message;
      return onRefused?.(next);
    }
    this.#lastError = undefined;
    if (isSame(next, this.#current)) return;
    this.#current = next;
    onTaken?.(next);
  }
}

function isSame(a: Certificates, b: Certificates): boolean {
  return sameBytes(a.cert, b.cert) && sameBytes(a.key, b.key) && sameBytes(a.ca, b.ca);
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
