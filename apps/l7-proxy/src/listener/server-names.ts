import { createSecureContext, type SecureContext } from 'node:tls';
import type { ServerCertificate } from '@evenly/mesh-config';
import {
  CertificateError,
  checkedPair,
  endsSoon,
  type CertificatePair,
  type Certificates,
  type CertificateStatus,
} from '@evenly/tls';

/** A certificate of the config, and what became of it. */
interface Loaded {
  source: ServerCertificate;
  pair?: CertificatePair & { context: SecureContext };
  /** Why it cannot be used; nothing of its text is in it. */
  error?: string;
}

export interface ServerNamesOptions {
  listener: string;
  /** Certificates that were not there before are in use. */
  onTaken: (serverNames: readonly string[]) => void;
  onRefused: (serverNames: readonly string[], reason: string) => void;
}

/** What holds for every name, and for clients that ask for none. */
const anyName = '*';

/**
 * The certificates of a listener by server name (SNI, RFC 6066 §3). One that cannot be used is refused for its names alone:
 * nobody is let in by those, with the certificate of a wider name neither.
 */
export class ServerNames {
  readonly #options: ServerNamesOptions;
  #byName: ReadonlyMap<string, Loaded> = new Map();
  #loaded: readonly Loaded[] = [];
  readonly #watchers = new Set<(certificates: Certificates) => void>();

  constructor(certificates: readonly ServerCertificate[], options: ServerNamesOptions) {
    this.#options = options;
    this.replace(certificates);
  }

  /** For new handshakes. */
  replace(certificates: readonly ServerCertificate[]): void {
    const before = this.#byName.get(anyName);
    const known = new Map(this.#loaded.map((loaded) => [loaded.source.serverNames.join(), loaded]));
    this.#loaded = certificates.map((one) => {
      const same = known.get(one.serverNames.join());
      // The same text is not checked again, and not spoken of.
      return same?.source.cert === one.cert && same.source.key === one.key ? same : this.#load(one);
    });
    const byName = new Map<string, Loaded>();
    for (const loaded of this.#loaded)
      for (const name of loaded.source.serverNames) if (!byName.has(name)) byName.set(name, loaded);
    this.#byName = byName;
    if (before === byName.get(anyName)) return;
    for (const tell of this.#watchers) tell(this.forAnyName);
  }

  /** Undefined: nobody is served by that name. */
  contextOf(serverName: string | undefined): SecureContext | undefined {
    return this.#find(serverName)?.pair?.context;
  }

  /** For clients that ask for no name; empty where they are refused. */
  get forAnyName(): Certificates {
    return this.#byName.get(anyName)?.pair ?? {};
  }

  /** Told of another `forAnyName`. @returns stops telling */
  watch(told: (certificates: Certificates) => void): () => void {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  }

  /** Of those in use. */
  status(nowMs: number): CertificateStatus[] {
    return this.#loaded.flatMap(({ source, pair }) =>
      pair === undefined
        ? []
        : {
            file: this.#describe(source),
            validUntil: new Date(pair.validity.untilMs).toISOString(),
            endsSoon: endsSoon(pair.validity, nowMs),
          },
    );
  }

  /** Why names are not served. */
  get errors(): string[] {
    return this.#loaded.flatMap(({ error }) => error ?? []);
  }

  /** The name itself, then the longest wildcard that ends as it does, then the certificate for all. */
  #find(serverName: string | undefined): Loaded | undefined {
    const name = serverName?.toLowerCase() ?? '';
    const exact = this.#byName.get(name);
    if (exact !== undefined) return exact;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const wide = this.#byName.get(`*${name.slice(dot)}`);
      if (wide !== undefined) return wide;
    }
    return this.#byName.get(anyName);
  }

  #load(source: ServerCertificate): Loaded {
    const { onTaken, onRefused } = this.#options;
    const { serverNames, cert, key } = source;
    const described = this.#describe(source);
    try {
      const pem = { cert: Buffer.from(cert), key: Buffer.from(key) };
      const pair = checkedPair(pem, { cert: described, key: `key of ${described}` });
      const context = createSecureContext(pem);
      onTaken(serverNames);
      return { source, pair: { ...pair, context } };
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      onRefused(serverNames, error.message);
      return { source, error: error.message };
    }
  }

  #describe({ serverNames }: ServerCertificate): string {
    return `listener "${this.#options.listener}" for ${serverNames.join(', ')}`;
  }
}
