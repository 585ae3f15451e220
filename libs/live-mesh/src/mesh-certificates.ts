import {
  ConfigError,
  configFaultOf,
  type ConfigFault,
  type ListenerTls,
  type MeshConfig,
  type UpstreamTls,
} from '@evenly/mesh-config';
import {
  CertificateError,
  LiveCertificates,
  type CertificateFiles,
  type Certificates,
  type CertificateStatus,
} from '@evenly/tls';

type MeshTls = UpstreamTls | ListenerTls;

export interface MeshCertificatesOptions {
  onTaken?: (files: readonly string[]) => void;
  onRefused?: (error: Error) => void;
}

interface Followed {
  live: LiveCertificates;
  listeners: Set<(certificates: Certificates) => void>;
}

/** The certificates that a config names: all of them good before it is put to use, and followed from then on. */
export class MeshCertificates {
  readonly #options: MeshCertificatesOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: MeshCertificatesOptions = {}) {
    this.#options = options;
  }

  /**
   * Reads what the config names and is not followed yet.
   * @throws ConfigError with file, line and field of every certificate that cannot be used; nothing has changed then
   */
  async prepare(config: MeshConfig): Promise<void> {
    const faults: ConfigFault[] = [];
    const started = new Map<string, Followed>();
    for (const tls of tlsOf(config)) {
      const key = keyOf(tls);
      if (this.#followed.has(key) || started.has(key)) continue;
      try {
        started.set(key, await this.#start(tls));
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error;
        faults.push(faultOf(tls, error));
      }
    }
    if (faults.length > 0) {
      for (const { live } of started.values()) live.stop();
      throw new ConfigError(faults);
    }
    for (const [key, followed] of started) this.#followed.set(key, followed);
  }

  /** As they are now; of a config that was prepared. The same object until they change. */
  of(tls: MeshTls): Certificates {
    const text = textOf(tls);
    if (text !== undefined) return fromText(text);
    return this.#followed.get(keyOf(tls))!.live.current;
  }

  /** Told when they are replaced. @returns stops telling */
  watch(tls: MeshTls, listener: (certificates: Certificates) => void): () => void {
    if (textOf(tls) !== undefined) return () => undefined;
    const { listeners } = this.#followed.get(keyOf(tls))!;
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** How it stands with each file, once. */
  status(nowMs: number): CertificateStatus[] {
    const rows = [...this.#followed.values()].flatMap(({ live }) => live.status(nowMs));
    // A file may stand beside several others; where one pair is refused, that is what is said.
    rows.sort((one, other) => Number(one.error !== undefined) - Number(other.error !== undefined));
    return [...new Map(rows.map((row) => [row.file, row])).values()];
  }

  /** Lets go of what the config does not name. */
  retain(config: MeshConfig): void {
    const wanted = new Set(tlsOf(config).map(keyOf));
    for (const [key, { live }] of this.#followed) {
      if (wanted.has(key)) continue;
      live.stop();
      this.#followed.delete(key);
    }
  }

  close(): void {
    for (const { live } of this.#followed.values()) live.stop();
    this.#followed.clear();
  }

  async #start(tls: MeshTls): Promise<Followed> {
    const { onTaken, onRefused } = this.#options;
    const files = filesOf(tls);
    const listeners: Followed['listeners'] = new Set();
    const live = await LiveCertificates.start({
      files,
      onTaken: (certificates) => {
        for (const listener of listeners) listener(certificates);
        onTaken?.(Object.values(files).filter((file) => file !== undefined));
      },
      ...(onRefused === undefined ? {} : { onRefused }),
    });
    return { live, listeners };
  }
}

const textOf = (tls: MeshTls) => ('caText' in tls ? tls.caText : undefined);

/** What a config has in itself was checked where it came in, and never changes. */
const texts = new Map<string, Certificates>();
const maxTexts = 1000;

function fromText(caText: string): Certificates {
  const known = texts.get(caText);
  if (known !== undefined) return known;
  if (texts.size >= maxTexts) texts.clear();
  const certificates = { ca: Buffer.from(caText) };
  texts.set(caText, certificates);
  return certificates;
}

/** Where what was read came from the command line, there is no place in a file to name. */
function faultOf(tls: MeshTls, { file, message, reason }: CertificateError): ConfigFault {
  const field = Object.entries(tls).find(([, path]) => path === file)?.[0];
  return (
    configFaultOf(tls, field === undefined ? [] : [field], message) ?? { file, line: 1, field: '', reason }
  );
}

function tlsOf({ services, listeners }: MeshConfig): MeshTls[] {
  const all = [...services.values(), ...listeners].flatMap(({ tls }) => (tls === undefined ? [] : [tls]));
  return all.filter((tls) => textOf(tls) === undefined);
}

function filesOf(tls: MeshTls): CertificateFiles {
  return { cert: tls.cert, key: tls.key, ca: 'clientCa' in tls ? tls.clientCa : (tls as UpstreamTls).ca };
}

const keyOf = (tls: MeshTls) => {
  const { cert, key, ca } = filesOf(tls);
  return JSON.stringify([cert ?? '', key ?? '', ca ?? '']);
};
